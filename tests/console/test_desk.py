"""The desk in a real browser before a real county: acts, floods, the change of shifts, loudspeakers, one's account."""

import re
from collections.abc import Iterator

import pytest
from heartlamp_server.database.embedded import Embedded
from heartlamp_server.responder import store
from heartlamp_server.responder.scope import Grant
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import faults
from tests.console.browse import chromium, watch
from tests.console.signed_in import apart, keep_port, sign_in
from tests.server.county import County
from tests.server.responder.people import PASSWORD, Somebody, in_store, seal_of
from tests.server.responder.townships import Township

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("desk")
    county = County(folder, f"embedded:{folder / 'postgres'}")
    county.make()
    keep_port(county)
    county.start()
    yield county
    county.stop()
    Embedded(folder / "postgres").stop()


@pytest.fixture(scope="module")
def browser(county: County) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def township(county: County) -> Township:
    return apart(lambda: Township(county))


@pytest.fixture
def town(township: Township) -> Township:
    """As it is after a quiet night, with two calls that just came."""
    township.county.sql("UPDATE incident SET closed_at = now(), answer = 'closed' WHERE closed_at IS NULL")
    key, lamp = township.village.keys[0], township.village.lamps[0]
    panic, silent = key.press("panic"), lamp.press("silent")
    assert {said.verdict for said in township.village.send(panic, silent)} == {"received"}
    township.open, township.silent = panic.id, silent.id
    return township


def operator(town: Township) -> Somebody:
    return apart(lambda: Somebody(town.county, Grant("operator", town.areas["township"])))


@pytest.fixture
def page(browser: Browser, town: Township) -> Iterator[Page]:
    """The township's operator before the queue."""
    with watch(browser) as opened:
        sign_in(opened, town.county, operator(town))
        opened.goto(town.county.console)
        expect(opened.locator('[data-feed="live"]')).to_be_visible()
        yield opened


def pick(page: Page, incident: str) -> None:
    page.locator(f'[data-incident="{incident}"] .card__pick').click()
    expect(page.locator(f'[data-detail="{incident}"]')).to_be_visible()


def act(page: Page, which: str) -> None:
    button = page.locator(f'[data-act="{which}"]')
    if not button.is_visible():
        page.locator(".detail__more summary").click()
    button.click()


def test_a_dispatch_names_who_is_near_and_their_number(page: Page, town: Township) -> None:
    def head() -> str:
        somebody = Somebody(town.county, Grant("group_head", town.areas["group"]))
        in_store(
            town.county, lambda conn: store.set_numbers(conn, seal_of(town.county), somebody.name, ["+8613800138000"])
        )
        return somebody.display

    name = apart(head)
    pick(page, town.open)
    page.reload()
    pick(page, town.open)
    first = page.locator("[data-whom] li").first
    expect(first).to_contain_text(name)
    expect(first).to_contain_text("下一个")
    expect(first.locator("a")).to_have_text("138 0013 8000")
    page.keyboard.press("p")
    expect(first.locator("a")).to_be_focused()
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(name).click()
    dialog.get_by_role("button", name="派出").click()
    expect(page.locator(f'[data-incident="{town.open}"]')).to_have_attribute("data-answer", "accepted")
    expect(page.locator("[data-whom] li").first).to_contain_text("已派单")
    assert town.county.sql("SELECT 1 FROM audit WHERE what = 'look.numbers' AND about = %s", town.open)


def test_an_incident_is_taken_through_its_life(page: Page, town: Township) -> None:
    pick(page, town.open)
    page.keyboard.press("r")
    page.get_by_role("dialog").locator("[name=who]").fill("网格员一")
    page.get_by_role("button", name="记下：已到场").click()
    act(page, "handle")
    page.get_by_role("dialog").get_by_role("button", name="已扶起，无大碍").click()
    page.get_by_role("button", name="记下处置").click()
    expect(page.locator(".timeline")).to_contain_text("处置：已扶起，无大碍")
    act(page, "feedback")
    page.get_by_role("dialog").locator("[name=words]").fill("已好转")
    page.get_by_role("button", name="记下回访").click()
    act(page, "evaluate")
    page.get_by_role("dialog").get_by_text("5 分").click()
    page.get_by_role("button", name="记下评价").click()
    expect(page.locator(".timeline")).to_contain_text("评价：5")
    page.keyboard.press("n")
    page.get_by_role("dialog").locator("[name=words]").fill("钥匙在邻居家")
    page.get_by_role("button", name="记下", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("备注：钥匙在邻居家")


def test_two_calls_of_one_fire_are_made_one_and_a_false_one_is_opened_again(page: Page, town: Township) -> None:
    fires = [lamp.press("fire") for lamp in town.village.lamps]
    town.village.send(*fires)
    pick(page, fires[1].id)
    page.keyboard.press("m")
    expect(page.get_by_role("dialog").get_by_role("button", name="并案")).to_be_disabled()
    page.get_by_role("dialog").locator("[name=into]").first.check()
    page.get_by_role("dialog").get_by_role("button", name="并案").click()
    expect(page.locator(".detail__merged")).to_be_visible()
    merged = town.county.sql("SELECT merged_into FROM incident WHERE id = %s", fires[1].id)
    assert merged == [(fires[0].id,)], "the same kind in the same village stands first"

    pick(page, town.open)
    act(page, "false")
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=words]").fill("误碰")
    dialog.get_by_role("button", name="定为误报").click()
    expect(dialog).to_be_visible()  # the browser asks who saw or spoke to them
    dialog.get_by_text("与本人通了话").click()
    dialog.get_by_role("button", name="定为误报").click()
    expect(page.locator(f'[data-incident="{town.open}"]')).to_have_count(0)
    page.goto(f"{town.county.console}/#/closed/{town.open}")
    expect(page.locator(f'[data-detail="{town.open}"]')).to_be_visible()
    act(page, "reopen")
    page.get_by_role("dialog").locator("[name=words]").fill("又来电话")
    page.get_by_role("dialog").get_by_role("button", name="重新打开").click()
    page.goto(f"{town.county.console}/#/queue")
    expect(page.locator(f'[data-incident="{town.open}"]')).to_have_attribute("data-answer", "none")


def test_a_fire_is_handed_to_119_and_the_number_comes_back_read_back(page: Page, town: Township) -> None:
    fire = town.village.lamps[0].press("fire")
    town.village.send(fire)
    pick(page, fire.id)
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-script] li").first).to_contain_text("消防 119")
    assert town.county.sql("SELECT 1 FROM audit WHERE what = 'look.script' AND about = %s", fire.id)
    dialog.get_by_role("button", name="已打电话告知消防 119").click()
    form = dialog.locator('[data-hand="taken"]')
    form.locator("[name=case]").fill("119-0501-7")
    form.locator("[name=again]").fill("119-0501-8")
    expect(form.get_by_role("alert")).to_contain_text("两次不一致")
    expect(form.locator("[type=submit]")).to_be_disabled()
    form.locator("[name=again]").fill("119-0501-7")
    form.locator("[name=officer]").fill("12席")
    form.locator("[type=submit]").click()
    line = page.locator('[data-service="119"]')
    expect(line).to_have_attribute("data-state", "taken")
    expect(line).to_contain_text("119-0501-7")
    expect(page.locator("[data-handovers]")).to_contain_text("系统不再自动呼叫他人")
    line.get_by_role("button", name="更新").click()
    expect(dialog.locator("[data-script]")).to_have_count(0)  # told once; each look is written down
    dialog.get_by_role("button", name="已扑灭").click()
    dialog.get_by_role("button", name="记下结果").click()
    expect(line).to_contain_text("已扑灭（到过现场）")
    expect(page.locator(f'[data-incident="{fire.id}"]')).to_have_attribute("data-answer", "arrived")


def test_a_silent_alarm_says_not_to_call_back_and_names_nobody_of_the_village(page: Page, town: Township) -> None:
    pick(page, town.silent)
    expect(page.locator("[data-steps]")).to_contain_text("不要回拨家中电话")
    expect(page.locator("[data-whom]")).to_contain_text("没有预案提到这类警情")
    expect(page.locator("[data-whom]")).not_to_contain_text("户长")
    expect(page.locator("[data-whom]")).not_to_contain_text("志愿者")


def test_a_flood_is_grouped_by_village_and_never_hides_who_calls_for_help(page: Page, town: Township) -> None:
    presses = [lamp.press(what) for lamp in town.village.lamps for what in ("flood", "gas", "slope", "panic")]
    presses += [key.press("fire") for key in town.village.keys]
    town.village.send(*presses)
    group = page.locator(f'[data-village="村{town.mark}"]')
    expect(group).to_be_visible()
    expect(group).to_contain_text("水浸")
    group.locator(".village__fold").click()
    shown = page.locator("[data-incident]")
    expect(page.locator('[data-incident][data-what="flood"]')).to_have_count(0)
    kinds = set(shown.evaluate_all("all => all.map((one) => one.dataset.what)"))
    assert kinds == {"panic", "fire", "silent"}
    assert page.get_by_role("button", name=re.compile("办结.*全|全.*办结")).count() == 0
    group.get_by_role("button", name=re.compile("受理全村")).click()
    expect(page.locator("html")).to_have_attribute("data-sound", "none")
    answers = town.county.sql(
        "SELECT DISTINCT answer FROM incident WHERE closed_at IS NULL AND site = ANY(%s)", town.village.sites
    )
    assert answers == [("accepted",)]


def test_it_rings_louder_when_nobody_has_accepted_for_15_seconds(page: Page, browser: Browser, town: Township) -> None:
    above = apart(lambda: Somebody(town.county, Grant("operator")))
    with watch(browser) as county:
        sign_in(county, town.county, above)
        county.goto(town.county.console)
        expect(county.locator('[data-feed="live"]')).to_be_visible()
        town.village.send(later := town.village.keys[1].press("gas"))
        expect(page.locator("html")).to_have_attribute("data-sound", "urgent")
        expect(page.locator("html")).to_have_attribute("data-loud", "true", timeout=20_000)
        expect(page.locator("[data-louder]")).to_be_visible()
        expect(county.locator("[data-passed]")).to_contain_text(f"镇{town.mark}：15 秒未受理，转给您", timeout=25_000)
        county.reload()  # the list says it too, not only the feed of that moment
        expect(county.locator('[data-feed="live"]')).to_be_visible()
        expect(county.locator("[data-passed]")).to_contain_text(f"镇{town.mark}：15 秒未受理，转给您")
        expect(county.locator(f'[data-incident="{later.id}"] [data-passed-on]')).to_have_text("已转告庆丰县")
        pick(county, later.id)
        expect(county.locator(".timeline")).to_contain_text("15 秒无人受理，已转告庆丰县", timeout=25_000)
    for incident in (town.open, town.silent, later.id):
        pick(page, incident)
        page.keyboard.press("a")
        expect(page.locator(f'[data-incident="{incident}"]')).to_have_attribute("data-answer", "accepted")
    expect(page.locator("html")).to_have_attribute("data-loud", "false")


def test_a_killed_server_is_loud_and_on_its_return_nothing_is_missed(page: Page, town: Township) -> None:
    county = town.county
    county.kill()
    expect(page.locator("[data-banner=lost]")).to_be_visible(timeout=20_000)
    expect(page.locator("html")).to_have_attribute("data-sound", re.compile("lost|urgent"))
    apart(county.start)
    town.village.county = county
    press = town.village.keys[1].press("gas")
    town.village.http.base_url = county.gateways
    town.village.send(press)
    expect(page.locator(f'[data-incident="{press.id}"]')).to_be_visible(timeout=20_000)
    expect(page.locator("[data-banner=lost]")).to_have_count(0)


def test_the_county_asks_whether_somebody_is_there_and_any_key_is_the_answer(browser: Browser, town: Township) -> None:
    person = operator(town)
    answered = "SELECT answered_at > now() - interval '1 minute' FROM session WHERE person = %s"
    town.county.sql(
        "UPDATE session SET answered_at = now() - interval '20 minutes 30 seconds' WHERE person = %s", person.name
    )
    with watch(browser) as page:
        sign_in(page, town.county, person)
        page.goto(town.county.console)
        expect(page.locator("[data-presence]")).to_be_visible()
        page.keyboard.press("a")
        expect(page.locator("[data-presence]")).to_have_count(0)
        expect(page.locator(f'[data-incident="{town.open}"]')).to_have_attribute("data-answer", "none")
    assert town.county.sql(answered, person.name) == [(True,)]


def test_the_change_of_shifts_between_two_operators(browser: Browser, town: Township) -> None:
    county, leaves, comes = town.county, operator(town), operator(town)
    county.sql("DELETE FROM shift_handover WHERE area = %s", town.areas["township"])
    with watch(browser) as old, watch(browser) as new:
        for page, person in ((old, leaves), (new, comes)):
            sign_in(page, county, person)
            page.goto(f"{county.console}/#/shift")
        old.locator("[data-take]").click()
        old.locator("[name=note]").fill("三组停电，盯着")
        old.get_by_role("button", name="提出交班").click()
        expect(old.get_by_text("已提出交班")).to_be_visible()
        new.reload()
        expect(new.get_by_text("三组停电，盯着")).to_be_visible()
        expect(new.locator(f'[data-handed="{town.open}"]')).to_be_visible()
        expect(new.locator("[data-holder]")).to_contain_text(leaves.display)
        old.get_by_role("button", name="退出").click()
        expect(old.get_by_role("dialog")).to_contain_text("岗位还在您手里")
        old.get_by_role("button", name="去交班").click()

        town.village.send(later := town.village.keys[1].press("gas"))  # nobody has seen this one on the list yet
        new.locator("[data-sign]").click()
        expect(new.get_by_role("alert").filter(has_text="清单刚刚有变化")).to_be_visible()
        expect(new.locator(f'[data-handed="{later.id}"]')).to_be_visible()
        new.locator("[data-sign]").click()
        record = new.locator("[data-record]")
        expect(record).to_contain_text(leaves.display)
        expect(record.locator(f'[data-handed="{later.id}"]')).to_be_visible()
        new.goto(f"{county.console}/#/shift")
        expect(new.locator("[data-holder]")).to_contain_text("岗位在您手里")
    kept = county.sql("SELECT incoming FROM shift_handover WHERE area = %s ORDER BY signed_at", town.areas["township"])
    assert kept == [(leaves.name,), (comes.name,)]


def test_a_telephone_call_is_an_alarm_or_none_and_its_time_runs_on_every_page(page: Page, town: Township) -> None:
    page.keyboard.press("t")
    form = page.locator("[data-take-call]")
    form.locator("[name=number]").fill("138 0013 8000")
    form.get_by_role("button", name="接听").click()
    call = page.locator("[data-call]").last
    expect(call.get_by_role("timer")).to_contain_text("还剩")
    expect(page.locator("[data-calls]")).to_contain_text("来电 1 个待处理")
    call.get_by_role("button", name="看号码").click()
    expect(call).to_contain_text("138 0013 8000")
    assert town.county.sql("SELECT 1 FROM audit WHERE what = 'look.caller' AND who = %s", signed(page, town))
    call.get_by_text("火警").click()
    call.locator("[name=where]").fill("村小学门口")
    call.locator("[name=words]").fill("厨房冒烟")
    call.get_by_role("button", name="立为警情并受理").click()
    detail = page.locator("[data-detail]")
    expect(detail).to_contain_text("村小学门口")
    expect(detail).to_contain_text("已受理")
    expect(page.locator("[data-calls]")).to_have_count(0)

    page.keyboard.press("t")
    page.locator("[data-take-call]").get_by_role("button", name="接听").click()
    call = page.locator("[data-call]").last
    call.get_by_role("button", name="不是警情").click()
    call.get_by_role("button", name="打错电话").click()
    call.get_by_role("button", name="记下").click()
    expect(page.locator(".past")).to_contain_text("打错电话")
    expect(page.locator("[data-call]")).to_have_count(0)


def signed(page: Page, town: Township) -> str:
    """The account whose page this is."""
    name: str = page.request.get(f"{town.county.console}/api/me").json()["name"]
    return name


def test_a_drill_is_announced_at_the_desk_and_is_one_until_somebody_says_no(page: Page, town: Township) -> None:
    house = town.village.sites[1]
    page.goto(f"{town.county.console}/#/drills")
    page.locator("[data-announce] [data-step]").last.wait_for()
    while page.locator("[name=site]").count() == 0:  # level by level, to the group
        last = page.locator("[data-announce] [data-step]").last
        last.select_option(index=1)
        page.wait_for_timeout(150)
    page.locator("[name=site]").select_option(house)
    page.get_by_role("button", name="宣布演练").click()
    line = page.locator("[data-drill]").first
    expect(line).to_contain_text("等按键，还剩")
    pressed = town.village.keys[1].press("panic")
    town.village.send(pressed)
    expect(line).to_have_attribute("data-state", "running")
    page.goto(f"{town.county.console}/#/queue/{pressed.id}")
    card = page.locator(f'[data-incident="{pressed.id}"]')
    expect(card.locator('[data-flag="drill"]')).to_be_visible()
    expect(page.locator(".detail [data-drill]")).to_be_visible()
    page.locator('[data-act="earnest"]').click()
    page.get_by_role("dialog").locator("[type=submit]").click()
    expect(card.locator('[data-flag="drill"]')).to_have_count(0)
    assert town.county.sql("SELECT drill FROM incident WHERE id = %s", pressed.id) == [(False,)]


def test_a_broadcast_is_read_before_it_is_said(page: Page, town: Township) -> None:
    sql = town.county.sql
    before = sql("SELECT count(*) FROM command WHERE kind = 'broadcast'")
    page.goto(f"{town.county.console}/#/broadcast")
    page.get_by_label(f"村{town.mark}").check()
    page.get_by_role("button", name="山洪").click()
    page.get_by_role("button", name="第一步").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-said]")).to_contain_text("往高处安全点转移")
    expect(dialog.locator("[data-confirm]")).to_be_disabled()  # it is to be read first
    assert sql("SELECT count(*) FROM command WHERE kind = 'broadcast'") == before
    dialog.locator("[data-confirm]").click()
    line = page.locator('[data-broadcast][data-state="waits"]')
    expect(line).to_contain_text("往高处安全点转移")
    assert sql("SELECT count(*) FROM command WHERE kind = 'broadcast'") == [(before[0][0] + 1,)]


def test_the_own_account(browser: Browser, town: Township) -> None:
    person = apart(lambda: Somebody(town.county, Grant("operator", town.areas["township"]), second=False))
    with watch(browser) as page:
        sign_in(page, town.county, person)
        page.goto(f"{town.county.console}/#/account")
        form = page.locator("[data-password]")
        form.locator("input").nth(0).fill(PASSWORD)
        form.locator("input").nth(1).fill("another long sentence")
        form.locator("input").nth(2).fill("another long sentence.")
        form.get_by_role("button").click()
        expect(form.get_by_role("alert")).to_contain_text("两遍不一样")
        form.locator("input").nth(2).fill("another long sentence")
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("密码已更换")
        second = page.locator("[data-second]")
        second.locator("input").fill("another long sentence")
        second.get_by_role("button").click()
        picture = second.locator("img")
        expect(picture).to_be_visible()
        assert picture.evaluate("one => one.decode().then(() => one.naturalWidth > 0)"), "the policy lets it be drawn"
        expect(page.locator("[data-session]")).to_have_count(1)


def test_an_alarm_is_handled_by_keys_alone(page: Page, town: Township) -> None:
    keys = page.keyboard
    for _ in range(2):
        keys.press("j")
    chosen = page.locator(".card--selected")
    incident = chosen.get_attribute("data-incident")
    keys.press("a")
    expect(chosen).to_have_attribute("data-answer", "accepted")
    keys.press("h")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-script] li").first).to_be_visible()
    expect(dialog.locator("[name=service]:checked")).to_be_focused()
    reach(page, '[data-hand="offer"] [type=submit]')
    keys.press("Enter")
    expect(dialog.locator("[name=case]")).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-handovers]")).to_contain_text("已告知，等接警编号")
    keys.press("n")
    reach(page, "[name=words]")
    keys.type("钥匙在邻居家")
    reach(page, "[type=submit]")
    keys.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("备注：钥匙在邻居家")
    keys.press("x")
    reach(page, "[name=how]")
    keys.press("ArrowDown")
    reach(page, "dialog [type=submit]")
    keys.press("Enter")
    expect(page.locator(f'[data-incident="{incident}"]')).to_have_count(0)


def reach(page: Page, what: str) -> None:
    """By the tab key."""
    for _ in range(40):
        if page.evaluate("(what) => document.activeElement?.matches(what) ?? false", what):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no tab leads to {what}")


def test_nobody_is_kept_out_of_a_dialog_by_how_they_see(page: Page, town: Township) -> None:
    """Pages are walked by tests/console/real/test_quality.py."""
    pick(page, town.open)
    page.locator("[data-whom] li").first.wait_for()
    found = {}
    for n, key in enumerate(("", "d", "m", "n", "h", "?")):
        if key:
            page.keyboard.press(key)
            expect(page.get_by_role("dialog")).to_be_visible()
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", ("dark", "light")[n % 2])
        if wrong := faults(page):
            found[key] = wrong
        page.keyboard.press("Escape")
    assert found == {}
