"""The sites that no link reaches, on the page of what is installed."""

import pytest
from playwright.sync_api import Browser, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.stage import Stage

pytestmark = pytest.mark.timeout(240)
MAKE = "INSERT INTO site (id, area, name) SELECT 'zz' || lpad(n::text, 4, '0'), %s, n || '号' FROM generate_series"
CLAIM = (
    "INSERT INTO claim (id, secret, site, device, kind, board, kv, mqtt_hash, offline, made_by, not_after, ended_at) "
    "SELECT id, '', id, id, 'lamp', '', 1, '', false, %s, now(), now() FROM site WHERE id LIKE 'zz%%' "
    "ON CONFLICT DO NOTHING"
)
VISIT = (
    "INSERT INTO visit (id, site, claim, device, outcome, tests, note, by, at) SELECT id, id, id, id, 'no_link', '[]', "
    "'=山背后', %s, now() - interval '3 days' FROM site WHERE id LIKE 'zz%%' ON CONFLICT DO NOTHING"
)


def nobody_is_reached(stage: Stage, first: int, last: int, by: str) -> None:
    """Sites of the village, where this technician found no link."""
    stage.county.sql(f"{MAKE}(%s::int, %s::int) n", stage.area, first, last)
    stage.county.sql(CLAIM, by)
    stage.county.sql(VISIT, by)


def test_a_technician_reads_which_sites_no_link_reaches_and_takes_them_along_as_a_table(
    browser: Browser, stage: Stage
) -> None:
    county, who = stage.county, stage.somebody("technician")
    nobody_is_reached(stage, 1, 20, who.name)
    try:
        with watch(browser) as page:
            stage.sign_in(page, who)
            page.goto(f"{county.console}/#/installing/{stage.area}")
            listed = page.locator("[data-uncovered-site]")
            expect(listed).to_have_count(20)
            expect(page.locator("[data-uncovered] [data-more]")).to_have_count(0)  # a full page is all there is
            expect(listed.first).to_contain_text("没有信号")
            expect(listed.first).to_contain_text(who.display)
            expect(listed.first).to_contain_text("山背后")
            assert faults(page) == []
            with page.expect_download() as told:
                page.locator("[data-uncovered] a[download]").click()
            rows = told.value.path().read_text("utf-8-sig").splitlines()
            assert len(rows) == 21
            assert ",'=山背后" in rows[1]  # no office program reckons with what somebody typed
            nobody_is_reached(stage, 21, 25, who.name)
            page.reload()
            expect(listed).to_have_count(20)
            page.locator("[data-uncovered] [data-more]").click()
            expect(listed).to_have_count(25)
            county.sql("UPDATE visit SET outcome = 'done' WHERE site <> 'zz0007' AND site LIKE 'zz%%'")
            page.set_viewport_size({"width": 360, "height": 740})
            page.reload()
            expect(listed).to_have_count(1)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            listed.get_by_role("link").click()
            expect(page).to_have_url(f"{county.console}/#/areas/{stage.area}")
    finally:
        county.sql("DELETE FROM visit WHERE site LIKE 'zz%%'")
        county.sql("DELETE FROM claim WHERE site LIKE 'zz%%'")
        county.sql("DELETE FROM site_was WHERE site LIKE 'zz%%'")
        county.sql("DELETE FROM site WHERE id LIKE 'zz%%'")
