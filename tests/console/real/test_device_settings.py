"""What the county wants set on a device, on its page."""

import pytest
from playwright.sync_api import Browser, expect

from tests.console.axe import faults
from tests.console.browse import watch
from tests.console.real.test_office import by
from tests.console.stage import Stage, aside

pytestmark = pytest.mark.timeout(240)


@pytest.mark.prove
def test_a_technician_asks_for_another_language_is_refused_in_words_and_sees_what_became_of_it(
    browser: Browser, stage: Stage
) -> None:
    lamp = aside(lambda: stage.device("lamp", "三组 5号"))

    def says(ver: int) -> None:
        beat = lamp.reading([("version", 10000), ("settings_ver", ver)])
        aside(lambda: stage.gateway.send(beat, to="readings"))

    says(0)
    with watch(browser) as page:
        by(stage, page, stage.somebody("technician"), f"/#/device/{lamp.id}")
        expect(page.locator("[data-settings]")).to_have_attribute("data-settings", "none")
        page.locator('[data-set="lang"]').click()
        page.locator("dialog input").fill("../x")
        page.locator('dialog [data-act="yes"]').click()
        expect(page.locator("dialog").get_by_role("alert")).to_contain_text("lang 应为提示音文件夹名")
        page.locator("dialog input").fill("en")
        assert faults(page) == []
        page.locator('dialog [data-act="yes"]').click()
        expect(page.locator("[data-settings]")).to_have_attribute("data-settings", "waits")
        expect(page.locator("dd code")).to_have_text("en")
        [(ver,)] = stage.county.sql("SELECT wanted_ver FROM device WHERE id = %s", lamp.id)
        says(ver)
        page.reload()
        expect(page.locator("[data-settings]")).to_have_attribute("data-settings", "done")
        assert faults(page) == []
        by(stage, page, stage.somebody("operator"), f"/#/device/{lamp.id}")
        page.reload()
        expect(page.locator("[data-settings]")).to_be_visible()
        assert page.locator("[data-set]").count() == 0
