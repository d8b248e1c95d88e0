"""Two operators of one township change shifts: until the one who comes has signed, all of it is the other's."""

from typing import Any

import httpx
import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township


@pytest.fixture
def town(county: County) -> Township:
    return Township(county)


def operator(town: Township) -> Somebody:
    return Somebody(town.county, Grant("operator", town.areas["township"]))


def listed(of: Somebody, town: Township) -> dict[str, Any]:
    found: dict[str, Any] = of.get("shift/list", area=town.areas["township"]).json()["list"]
    return found


def sign(comes: Somebody, town: Township, offer: dict[str, Any]) -> httpx.Response:
    """As the desk does: where the list became another between the look and the name under it, it is looked at again."""
    for _ in range(20):
        signed = comes.post(f"shift/{offer['id']}/sign", mark=listed(comes, town)["mark"])
        if signed.status_code != 409:
            break
    return signed


def test_the_outgoing_one_holds_it_until_the_incoming_one_has_signed_the_list(town: Township) -> None:
    leaves, comes, area = operator(town), operator(town), town.areas["township"]
    town.county.sql("DELETE FROM shift_handover WHERE area = %s", area)
    mark = listed(leaves, town)["mark"]
    assert leaves.post("shift/take", area=area, why="", mark=mark).status_code == 200, "nobody held it"
    leaves.post(f"incidents/{town.open}/do", act="dispatch", whom="网格员一")
    assert comes.post("shift/offer", area=area).status_code == 409, "nobody offers what is another's"
    offer = leaves.post("shift/offer", area=area, note="三组停电").json()["offer"]
    assert leaves.post(f"shift/{offer['id']}/sign", mark=listed(leaves, town)["mark"]).status_code == 409

    post = comes.get("shift").json()["posts"][0]
    assert (post["holder"]["name"], post["offer"]["note"]) == (leaves.name, "三组停电")
    seen = listed(comes, town)
    assert {i["id"] for i in seen["incidents"]} == {town.open, town.silent}
    assert [(p["name"], p["answer"]) for p in seen["promises"]] == [("网格员一", "asked")]
    assert seen["faults"], "nothing was ever heard of most of its devices"

    town.village.send(later := town.village.keys[1].press("gas"))
    refused = comes.post(f"shift/{offer['id']}/sign", mark=seen["mark"])
    assert refused.status_code == 409, "there is an alarm in it that nobody has looked at"
    assert comes.get("shift").json()["posts"][0]["holder"]["name"] == leaves.name
    signed = sign(comes, town, offer)
    assert signed.status_code == 200, signed.text
    assert later.id in {i["id"] for i in signed.json()["list"]["incidents"]}

    post = leaves.get("shift").json()["posts"][0]
    assert (post["holder"]["name"], post["offer"]) == (comes.name, None)
    lines = comes.get(f"incidents/{town.open}").json()["timeline"]
    assert any(leaves.display in line["text_zh"] and comes.display in line["text_zh"] for line in lines)
    kept = comes.get(f"shift/records/{offer['id']}").json()
    assert kept["list"] == signed.json()["list"]
    row = town.county.sql(
        "SELECT what, who FROM audit WHERE about = %s AND what LIKE 'shift.%%' ORDER BY id", str(offer["id"])
    )
    assert row == [("shift.offer", leaves.name), ("shift.sign", comes.name)]


def test_a_post_that_nobody_can_offer_is_taken_with_a_reason(town: Township) -> None:
    gone, comes, area = operator(town), operator(town), town.areas["township"]
    town.county.sql("DELETE FROM shift_handover WHERE area = %s", area)
    gone.post("shift/take", area=area, why="", mark=listed(gone, town)["mark"])
    offer = gone.post("shift/offer", area=area).json()["offer"]
    mark = listed(comes, town)["mark"]
    assert comes.post("shift/take", area=area, why=" ", mark=mark).status_code == 409
    taken = comes.post("shift/take", area=area, why="值班员突发疾病", mark=mark)
    assert taken.json()["handover"]["why"] == "值班员突发疾病"
    assert comes.post(f"shift/{offer['id']}/sign", mark=mark).status_code == 404, "the offer is over with that"
    assert comes.get("shift").json()["posts"][0]["holder"]["name"] == comes.name


def test_an_offer_may_be_taken_back_by_who_made_it(town: Township) -> None:
    holds, other, area = operator(town), operator(town), town.areas["township"]
    town.county.sql("DELETE FROM shift_handover WHERE area = %s", area)
    holds.post("shift/take", area=area, why="", mark=listed(holds, town)["mark"])
    offer = holds.post("shift/offer", area=area).json()["offer"]
    assert other.post(f"shift/{offer['id']}/withdraw").status_code == 404
    assert holds.post(f"shift/{offer['id']}/withdraw").json()["offer"] is None
    assert other.post(f"shift/{offer['id']}/sign", mark=listed(other, town)["mark"]).status_code == 404
