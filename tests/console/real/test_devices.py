"""Houses and devices of a county that has more of them than a screen can show."""

import pytest
from playwright.sync_api import Browser, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.stage import VILLAGE, Stage

pytestmark = pytest.mark.timeout(240)
MANY = 450


def test_a_large_county_is_shown_what_is_wrong_first_and_the_rest_page_by_page(browser: Browser, stage: Stage) -> None:
    stage.county.sql(
        "INSERT INTO site (id, area, name) SELECT 'zz' || lpad(n::text, 4, '0'), %s, n || '号' "
        "FROM generate_series(1, %s) n",
        stage.area, MANY,
    )  # fmt: skip
    stage.county.sql("INSERT INTO device (id, kind, site) SELECT 'x' || id, 'lamp', id FROM site WHERE id LIKE 'zz%%'")
    stage.county.sql(  # every third one was heard of, and is all right
        "UPDATE device SET last_seen = now() + interval '1 hour' WHERE site LIKE 'zz%%' AND right(site, 1) < '4'"
    )
    try:
        with watch(browser) as page:
            stage.sign_in(page, stage.somebody("technician"))
            page.goto(f"{stage.county.console}/#/devices")
            only = page.get_by_role("checkbox")
            expect(only).to_be_checked()
            expect(page.locator(".house")).to_have_count(200)
            assert faults(page) == []
            page.locator("[data-more]").click()
            expect(page.locator("[data-more]")).to_have_count(0)
            wrong = page.locator(".house").count()
            assert 260 < wrong < 400
            only.uncheck()
            expect(page.locator(".house")).to_have_count(200)
            page.locator("[data-more]").click()
            expect(page.locator(".house")).to_have_count(400)
            page.goto(f"{stage.county.console}/#/installing")
            expect(page.locator("[data-site]")).to_have_count(300)
            expect(page.get_by_text("户中的前 300 户")).to_be_visible()
            with page.expect_request(lambda request: "/api/installing?village=" in request.url):
                page.get_by_role("combobox").select_option(label=VILLAGE)
            expect(page.locator("[data-site]").first).to_be_visible()
    finally:
        stage.county.sql("DELETE FROM device WHERE site LIKE 'zz%%'")
        stage.county.sql("DELETE FROM site_was WHERE site LIKE 'zz%%'")
        stage.county.sql("DELETE FROM site WHERE id LIKE 'zz%%'")
