"""From the county down to a house that calls, and a village that is drawn on the screen."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import everywhere
from tests.console.browse import watch
from tests.console.stage import Stage
from tests.server.responder.people import Somebody

pytestmark = pytest.mark.timeout(240)


def by(stage: Stage, page: Page, who: Somebody, path: str) -> None:
    stage.sign_in(page, who)
    page.goto(stage.county.console + path)


def plain(page: Page) -> None:
    page.add_init_script("localStorage.setItem('heartlamp.plan', 'svg')")


def test_the_way_from_the_county_to_the_house_that_calls(browser: Browser, stage: Stage) -> None:
    stage.undraw()
    stage.quiet()
    with watch(browser) as page:
        by(stage, page, stage.somebody("operator"), f"/#/map/{stage.areas['庆丰县']}")
        expect(page.locator('[data-area="柳河镇"]')).to_contain_text("没有警情")
        incident = stage.press("二组 3号")
        expect(page.locator('[data-area="柳河镇"]')).to_contain_text("1 起未办结")
        page.locator('[data-area="柳河镇"]').click()
        page.locator('[data-area="柳树湾村"]').click()
        # Nobody has drawn it: it says so, and shows the house all the same.
        expect(page.locator('[data-drawn="schematic"]')).to_contain_text("方位、远近都不是真的")
        called = page.locator(f'[data-site="{stage.houses["二组 3号"]}"]')
        expect(called).to_have_attribute("data-glow", "call")
        expect(page.locator('[data-badge="call"]')).to_contain_text("求助 二组 3号")
        stage.light(incident, "二组 2号", "二组 4号")
        for name in ("二组 2号", "二组 4号"):
            expect(page.locator(f'[data-site="{stage.houses[name]}"]')).to_have_attribute("data-glow", "lit")
        operator = stage.somebody("operator")
        operator.post(f"incidents/{incident}/answer", answer="coming", who="二组 5号")
        expect(page.locator('[data-badge="coming"]')).to_contain_text("正在赶来 二组 5号")
        # Somebody without a house on the plan is in the list beside it.
        operator.post(f"incidents/{incident}/answer", answer="coming", who="派出所")
        expect(page.locator(".view__going", has_text="派出所")).to_contain_text("正在赶来")
        operator.post(f"incidents/{incident}/answer", answer="withdrawn", who="二组 5号")
        expect(page.locator('[data-badge="coming"]')).to_have_count(0)
        operator.post(f"incidents/{incident}/answer", answer="closed", how="spoke_to")
        expect(page.locator("[data-glow]")).to_have_count(0)


def test_who_is_shown_no_alarm_is_not_told_that_there_is_none(browser: Browser, stage: Stage) -> None:
    with watch(browser) as page:
        by(stage, page, stage.somebody("administrator"), f"/#/map/{stage.areas['庆丰县']}")
        expect(page.locator('[data-area="柳河镇"]')).to_contain_text("44 个点位")
        assert "没有警情" not in page.locator(".tiles").inner_text()


def test_a_drawn_village_looks_the_same_with_webgl_and_without(browser: Browser, stage: Stage) -> None:
    stage.quiet()
    stage.draw()
    stage.press("一组 6号")
    with watch(browser) as page:
        plain(page)
        by(stage, page, stage.somebody("operator"), f"/#/map/{stage.area}")
        badge = page.locator('[data-badge="call"]')
        expect(page.locator('[data-way="svg"] [data-site]')).to_have_count(32)
        at = badge.bounding_box()
        page.get_by_label("绘图方式").select_option("gl")
        expect(page.locator('[data-gl="drawn"]')).to_be_visible()
        assert badge.bounding_box() == at  # and WebGL's picture lies under it:
        pixel = colour_at(page, stage, "一组 6号")
        assert pixel[0] > 150, pixel
        assert pixel[1] < 60, pixel


def colour_at(page: Page, stage: Stage, name: str) -> list[int]:
    """Of the screen, at the wall of a house: where its badge's point is."""
    box = page.locator('[data-badge="call"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] + 18
    shot = page.screenshot(clip={"x": x - 8, "y": y - 4, "width": 1, "height": 1})
    found: list[int] = page.evaluate(
        """async (bytes) => {
            const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
            const canvas = new OffscreenCanvas(1, 1).getContext('2d');
            canvas.drawImage(image, 0, 0);
            return [...canvas.getImageData(0, 0, 1, 1).data];
        }""",
        list(shot),
    )
    return found


def test_without_webgl_the_plan_is_drawn_all_the_same(browser: Browser, stage: Stage) -> None:
    stage.draw()
    with watch(browser) as page:
        page.add_init_script(
            "const was = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            " return kind.startsWith('webgl') ? null : was.call(this, kind, ...rest); }"
        )
        by(stage, page, stage.somebody("operator"), f"/#/map/{stage.area}")
        expect(page.locator('[data-way="svg"] [data-site]')).to_have_count(32)
        page.get_by_label("绘图方式").select_option("gl")  # whoever insists gets a plan too
        expect(page.locator('[data-way="svg"] [data-site]')).to_have_count(32)


def test_a_house_that_is_chosen_can_be_found_by_an_outside_map(browser: Browser, stage: Stage) -> None:
    stage.draw()
    with watch(browser) as page:
        plain(page)
        by(stage, page, stage.somebody("operator"), f"/#/map/{stage.area}")
        page.locator(f'[data-site="{stage.houses["三组 5号"]}"]').click()
        note = page.locator(f'[data-chosen="{stage.houses["三组 5号"]}"]')
        expect(note).to_contain_text("三组 5号")
        link = note.get_by_role("link", name="高德")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        assert "三组" not in (link.get_attribute("href") or "")


def test_a_village_is_drawn_by_keys_alone_and_saved(browser: Browser, stage: Stage) -> None:
    stage.undraw()
    with watch(browser) as page:
        plain(page)
        by(stage, page, stage.somebody("administrator"), f"/#/plan/{stage.area}")
        page.get_by_label("纬度, 经度").fill("28.1, 120.5")
        page.keyboard.press("Enter")
        board = page.get_by_role("application")
        page.locator('[data-tool="house"]').press("Enter")
        expect(page.locator("[name=site]")).to_have_value(stage.houses["一组 1号"])
        board.focus()
        for _ in range(2):
            for _ in range(6):
                page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
        expect(page.locator("[name=site]")).to_have_value(stage.houses["一组 3号"])
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+y")
        page.locator('[data-tool="landmark"]').press("Enter")
        board.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_text("地标要有名称")).to_be_visible()
        page.get_by_label("名称").fill("老井")
        board.focus()
        page.keyboard.press("Enter")
        page.locator('[data-act="save"]').press("Enter")
        expect(page.get_by_text("已保存为第 1 版")).to_be_visible()
    plan = stage.somebody("operator").get(f"ground-plans/{stage.area}").json()
    assert [(f["kind"], f["site"]) for f in plan["features"]] == [
        ("house", stage.houses["一组 1号"]), ("house", stage.houses["一组 2号"]), ("landmark", ""),
    ]  # fmt: skip
    stands = {s["id"]: s["longitude"] for s in plan["sites"] if s["longitude"]}
    apart = (stands[stage.houses["一组 2号"]] - stands[stage.houses["一组 1号"]]) * 98_100
    assert apart == pytest.approx(30, abs=0.5)  # six steps of five metres


def test_a_file_with_a_bad_feature_is_refused_with_its_number(browser: Browser, stage: Stage, tmp_path: Path) -> None:
    stage.undraw()
    plan = stage.plan()
    plan["features"].append({"type": "Feature", "properties": {"kind": "castle"}, "geometry": {"type": "Point", "coordinates": [120.5, 28.1]}})  # fmt: skip # noqa: E501
    file = tmp_path / "plan.geojson"
    file.write_text(json.dumps(plan), encoding="utf-8")
    with watch(browser) as page:
        plain(page)
        by(stage, page, stage.somebody("administrator"), f"/#/plan/{stage.area}")
        page.locator("input[type=file]").set_input_files(file)
        page.locator('[data-act="save"]').click()
        expect(page.get_by_role("alert")).to_contain_text(f"第 {len(plan['features'])} 个要素")
        expect(page.get_by_role("alert")).to_contain_text("kind 须为")
        file.write_text(json.dumps(stage.plan()), encoding="utf-8")
        page.locator("input[type=file]").set_input_files(file)
        page.locator('[data-act="save"]').click()
        expect(page.get_by_text("已保存为第 1 版")).to_be_visible()


@pytest.mark.prove  # in depth; the way through all pages is test_quality
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, stage: Stage) -> None:
    stage.draw()
    stage.quiet()
    stage.press("一组 6号", "fire")
    with watch(browser) as page:
        plain(page)
        by(stage, page, stage.somebody("operator"), f"/#/map/{stage.areas['柳河镇']}")
        page.locator('[data-area="柳树湾村"]', has_text="1 起未办结").wait_for()
        assert everywhere(page) == []
        page.goto(f"{stage.county.console}/#/map/{stage.area}")
        page.locator('[data-badge="call"]').wait_for()
        page.locator(f'[data-site="{stage.houses["三组 5号"]}"]').dispatch_event("click")
        page.locator("[data-chosen]").wait_for()
        assert everywhere(page) == []
        page.goto(f"{stage.county.console}/icon/quiet.svg")  # away, so that nobody is signed out on watch
        stage.sign_in(page, stage.somebody("administrator"))
        page.goto(f"{stage.county.console}/#/plan/{stage.area}")
        page.locator('[data-tool="landmark"]').click()
        assert everywhere(page) == []
