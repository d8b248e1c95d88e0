"""The village office answers for somebody on duty: in a browser without scripts, before a real gateway."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from heartlamp_gateway.rules import escalation, incidents
from playwright.sync_api import Browser, Page

from tests.console.browse import watch
from tests.gateway.rig.waiting import until
from tests.gateway.rules.village import VILLAGE, A
from tests.gateway.test_escalation import NOON, OPENED
from tests.gateway.windows.seen import CODE, Village, village
from tests.protocol.test_escalation import DAY, GRID, HEAD, OFFICE, PLAN

ANSWER_CODE = "76543210"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def office() -> Iterator[Village]:
    """With a plan by which the village calls the head, the grid worker and the office, at any hour."""
    with village(f'answer_code = "{ANSWER_CODE}"\n') as made:
        made.county.plan_is(replace(PLAN, policies=(DAY,)))
        made.gateway.says("plan version 7")
        yield made


def enter(page: Page, office: Village) -> None:
    page.goto(f"{office.url}/answer")
    page.fill("#code", ANSWER_CODE)
    page.click("button")


def cookie(office: Village) -> str:
    """Of who gave the answer code."""
    _, headers, _ = office.ask("/answer/login", "POST", urlencode({"code": ANSWER_CODE}), **FORM)
    return headers["Set-Cookie"].partition(";")[0]


def test_who_is_on_duty_goes_and_the_office_says_so_in_two_steps(office: Village, browser: Browser) -> None:
    lamp, button = office.device("lamp9"), office.device("butt7")
    press = button.press("fire")
    with watch(browser) as page:
        page.goto(office.url)
        page.get_by_text("应答：去 / 去不了").wait_for()  # the way there from the page on the wall
    with watch(browser, java_script_enabled=False) as page:
        enter(page, office)
        card = page.locator(".call")
        card.get_by_text("三组 7号").wait_for()
        card.get_by_text("火警 FIRE").wait_for()
        assert card.locator("b").all_inner_texts()[1:] == [HEAD.name, GRID.name, OFFICE.name]  # nobody of the township
        page.locator(".person", has_text=GRID.name).get_by_text("我去").click()
        page.get_by_text("网格员：我去 I go？").wait_for()
        assert lamp.lamps[-1]["calls"][0]["answer"] == "none"  # one tap is not an answer
        page.click("button.coming")
        page.get_by_text("已记下").wait_for()
        page.locator(".person", has_text=GRID.name).get_by_text("正在赶来").wait_for()
        lamp.call(press, answer="coming", who=GRID.name)
        assert office.county.noted("duty", f"coming {GRID.name}") == press
        page.locator(".person", has_text=GRID.name).get_by_text("去不了 I cannot").click()
        page.click("button.cannot")
        lamp.call(press, answer="unanswered")
        assert office.county.noted("duty", f"cannot {GRID.name}") == press


def test_a_call_that_is_over_is_answered_by_nobody(office: Village, browser: Browser) -> None:
    press = office.device("butt7").press("fire")
    office.incident(press)
    with watch(browser, java_script_enabled=False) as page:
        enter(page, office)
        page.locator(".person", has_text=GRID.name).get_by_text("我去").click()
        office.county.incident(press, "s7", "fire", (press,), 1, "closed", "", ["lamp7"])
        page.get_by_text("网格员：我去 I go？").wait_for()
        until("it is closed", lambda: office.incidents() == [])
        page.click("button.coming")
        page.get_by_text("已经结束").wait_for()
    assert not [n for n in office.county.store.notes.values() if n[1] == "duty"]


def test_no_other_page_can_answer_and_no_other_code(office: Village) -> None:
    press = office.device("butt7").press("fire")
    office.incident(press)
    said = {"incident": press, "target": GRID.id, "answer": "coming"}
    viewer = office.ask("/login", "POST", f'{{"code":"{CODE}"}}')[1]["Set-Cookie"].partition(";")[0]
    assert office.ask("/answer", Cookie=viewer)[0] == 401
    assert office.ask("/answer", Cookie=viewer.replace("heartlamp_office", "heartlamp_answering"))[0] == 401
    assert office.ask("/answer/login", "POST", urlencode({"code": CODE}), **FORM)[0] == 401
    assert office.ask("/answer", "POST", urlencode(said), Cookie=viewer, **FORM)[0] == 401
    ours = cookie(office)
    # as a page from elsewhere would send it, in a browser that sends our cookie along with it
    status, headers, _ = office.ask("/answer", "POST", urlencode(said), Cookie=ours, **FORM)
    assert (status, headers["Location"]) == (303, "/answer?said=again")
    _, _, sure = office.ask(f"/answer/sure?{urlencode(said)}", Cookie=ours)
    (mark,) = re.findall(rb'name="mark" value="([0-9a-f]{64})"', sure)
    for wrong in ({"target": "town"}, {"target": "siren"}, {"incident": "butt7-0000000000000000"}):
        good = {**said, "mark": mark.decode()}
        status, headers, _ = office.ask("/answer", "POST", urlencode({**good, **wrong}), Cookie=ours, **FORM)
        assert (status, headers["Location"]) == (303, "/answer?said=over")
    assert office.ask("/answer", "POST", "%ff&" * 200, Cookie=ours, **FORM)[0] == 303
    assert not [n for n in office.county.store.notes.values() if n[1] == "duty"]


def test_a_silent_alarm_never_shows(office: Village) -> None:
    silent = office.device("hush7").press("silent")
    office.county.has(silent)
    loud = office.device("butt7").press("fire")
    office.incident(loud)
    ours = cookie(office)
    page = office.ask("/answer", Cookie=ours)[2].decode()
    assert (page.count('class="call"'), silent in page) == (1, False)
    fields = {"incident": silent, "target": GRID.id, "answer": "coming"}
    assert office.ask(f"/answer/sure?{urlencode(fields)}", Cookie=ours)[1]["Location"] == "/answer?said=over"


def test_without_an_answer_code_nobody_answers_and_the_page_does_not_ask(seen: Village) -> None:
    assert seen.ask("/answer")[0] == 404
    assert b'id="answering" hidden' in seen.ask("/")[2]


def test_only_whom_the_villages_own_steps_telephone_may_be_answered_for() -> None:
    raised, _ = incidents.raise_alarm(replace(VILLAGE, plan=PLAN), A, "s7", "panic", OPENED)
    asked = escalation.follow(raised, NOON, OPENED)
    names = [(HEAD.id, HEAD.name, ""), (GRID.id, GRID.name, ""), (OFFICE.id, OFFICE.name, "")]
    assert list(escalation.on_duty(asked, A)) == names
    asked, _ = escalation.answered(asked, A, GRID.id, "cannot")
    assert escalation.on_duty(asked, A)[1] == (GRID.id, GRID.name, "cannot")
    assert escalation.on_duty(asked, "butt7-0000000000000000") == ()
