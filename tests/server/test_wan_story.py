"""A board that reaches the county by itself: the real county, the real firmware, HTTPS between them."""

import json
import random
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from heartlamp_server.responder.scope import Grant
from heartlamp_tech.ether import Ether
from heartlamp_tech.virtual_board import VirtualBoard

from tests.ports import free_port
from tests.server.county import County, Operator, Village
from tests.server.crooked import JUNK, Crooked
from tests.server.responder.people import Somebody
from tests.village.uplink import Uplink

REPO = Path(__file__).resolve().parents[2]
MICROPYTHON = REPO / ".tools/bin/micropython"
Maker = Callable[..., VirtualBoard]


@pytest.fixture
def make_board(tmp_path: Path) -> Iterator[Maker]:
    """make_board(county, device, links=("wan",), **wan): provisioned with what enrolment wrote, and started."""
    boards = []

    def make(
        county: County, device: str, links: tuple[str, ...] = ("wan",), ether: Ether | None = None, **wan: object
    ) -> VirtualBoard:
        config = json.loads((county.out / "devices" / f"{device}.json").read_text())
        port = int(county.gateways.rpartition(":")[2])  # these counties listen on any free one
        config["links"] = list(links)
        if "wan" in config:
            config["wan"] |= {"port": port} | wan
        board = VirtualBoard(MICROPYTHON, REPO, tmp_path / f"{device}.flash", ether=ether)
        board.provision(config)
        boards.append(board)
        board.start()
        return board

    yield make
    for board in boards:
        board.kill()
        assert "Traceback" not in board.complaints(), board.complaints()


def press(board: VirtualBoard, pin: str = "red") -> str:
    """A finger on the key; the event's id."""
    mark = board.mark()
    board.press(pin)
    time.sleep(0.1)  # the finger itself
    board.release(pin)
    time.sleep(0.1)  # until the next press is none that bounces
    return str(board.wait_trace("pressed", after=mark)["event"])


@pytest.fixture
def village(county: County) -> Village:
    """Two houses of one group whose lamps reach the county by themselves; their village's broker is dead."""
    return county.village(2, wan=(0, 1))


def test_a_press_is_received_shown_next_door_and_who_comes_is_believed(
    county: County, village: Village, operator: Operator, make_board: Maker
) -> None:
    caller, neighbour = (make_board(county, lamp.id) for lamp in village.lamps)
    for board in (caller, neighbour):
        board.wait_show("working", 10)
    event = press(caller)
    caller.wait_trace("received", event=event)
    caller.wait_show("told", received=1)
    assert operator.card(event)["site"]["name"] == "三组 0号"
    near = neighbour.wait_show("near")["show"]["calls"]
    near_mark = neighbour.mark()
    assert [(c["role"], c["place"], c["what"]) for c in near] == [("near", "三组 0号", "panic")]

    mark = caller.mark()
    going = press(neighbour, "green")
    neighbour.wait_trace("received", event=going)
    caller.wait_show("coming", after=mark, who="三组 1号")
    until = time.monotonic() + 5
    while operator.card(event)["lit"] < 2 and time.monotonic() < until:
        time.sleep(0.05)  # the county has no event for who only posts
    assert (operator.card(event)["lit"], operator.card(event)["lit_of"]) == (2, 2)

    assert operator.say(event, "closed", how="arrived").status_code == 200
    caller.wait_show("working", after=mark, calls=[])
    neighbour.wait_show("working", after=near_mark, calls=[])


def test_the_operators_word_comes_signed(
    county: County, village: Village, operator: Operator, make_board: Maker
) -> None:
    board = make_board(county, village.lamps[0].id)
    board.wait_show("working", 10)
    event = press(board)
    board.wait_trace("received", event=event)
    operator.say(event, "coming", who="城关派出所")
    board.wait_show("coming", who="城关派出所")
    assert not [line for line in board.lines() if line.get("trace") in ("forged", "malformed", "refused")]


def test_with_its_broker_dead_the_press_takes_the_second_path(
    county: County, village: Village, make_board: Maker
) -> None:
    board = make_board(county, village.lamps[0].id, ("lan", "wan"))
    board.wait_trace("link", 10, up=1, path="wan")
    began = time.monotonic()
    board.wait_trace("received", 12, event=press(board))
    assert time.monotonic() - began < 12


@pytest.mark.prove
def test_a_county_that_restarts_is_found_again_and_nothing_is_lost(own_county: County, make_board: Maker) -> None:
    county = own_county
    village = county.village(2, wan=(0, 1))
    county.stop()  # and again where it was: a board keeps its address
    port = free_port()
    config = county.config.read_text()
    county.config.write_text(config.replace("port = 0", f"port = {port}", 1))
    county.start()
    caller, neighbour = (make_board(county, lamp.id) for lamp in village.lamps)
    for board in (caller, neighbour):
        board.wait_show("working", 10)
    first = press(caller)
    neighbour.wait_show("near")
    assert county.process is not None
    county.process.send_signal(signal.SIGKILL)
    county.process.wait()
    mark, near = caller.mark(), neighbour.mark()
    caller.wait_trace("link", 10, mark, up=0, path="wan")
    second = press(caller)
    county.start()
    caller.wait_trace("received", 10, event=second)
    county.account().say(first, "accepted", who="城关派出所")
    caller.wait_show("told", 10, mark, answer="accepted")
    assert not [line for line in neighbour.lines(near) if "show" in line and not line["show"]["calls"]]


def test_a_token_that_is_taken_back_is_said_and_the_press_is_kept(
    county: County, village: Village, make_board: Maker
) -> None:
    board = make_board(county, village.lamps[0].id)
    board.wait_show("working", 10)
    county.cli("gateway", "revoke", f"{village.lamps[0].id}-wan", "--config", county.config)
    event = press(board)
    why = board.wait_trace("refused", 10, path="wan")["why"]
    assert "new token" in why
    board.wait_show("shout", 15)
    assert not [line for line in board.lines() if line.get("trace") == "received"]
    tries = [line for line in board.lines() if line.get("trace") == "refused"]
    assert len(tries) <= 2  # and not as fast as it can
    (row,) = county.sql("SELECT count(*) FROM event WHERE id = %s", event)
    assert row == (0,)


def alone(county: County, kind: str) -> str:
    """The id of a device of this kind that reaches the county by itself and has nothing else."""
    id = f"{kind[:4]}{secrets.token_hex(3)}"
    site = {"id": f"s{id}", "name": "五组 1号", "devices": [{"id": id, "kind": kind, "links": ["wan"]}]}
    village = {"name": f"村{id}", "township": "城关镇", "groups": [{"name": "五组", "sites": [site]}]}
    assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}) == []
    return id


@pytest.mark.parametrize("kind", ["button", "silent"])
def test_a_battery_button_posts_its_press_and_sleeps_again(
    county: County, operator: Operator, make_board: Maker, kind: str
) -> None:
    board = make_board(county, alone(county, kind))
    assert board.wait_trace("sleep", 15)["held"] == 0
    mark = board.mark()
    board.press("red")
    event = str(board.wait_trace("pressed", 10, mark)["event"])
    board.release("red")
    board.wait_trace("received", 10, mark, event=event)
    assert board.wait_trace("sleep", 15, mark)["held"] == 0
    assert operator.card(event)["what"] == ("silent" if kind == "silent" else "panic")
    assert not [line for line in board.lines() if line.get("trace") == "stream"]


@pytest.mark.parametrize("kind", ["lamp", "button"])
def test_the_county_rotates_the_key_of_a_device_on_its_own_line(county: County, make_board: Maker, kind: str) -> None:
    device = alone(county, kind)
    [(area,)] = county.sql("SELECT s.area FROM site s JOIN device d ON d.site = s.id WHERE d.id = %s", device)
    technician = Somebody(county, Grant("technician", area))
    assert technician.post(f"devices/{device}/rotate").json()["kv"] == 2
    board = make_board(county, device)
    board.wait_trace("wished", 60, changed=["kv"])  # in the answer to its first heartbeat, before it sleeps
    until = time.monotonic() + 60
    while True:  # it says that it has the key, and with its next words, by that key, the old one ends
        page = technician.get(f"devices/{device}").json()
        keys = [(key["version"], key["revoked_at"] is None) for key in page["keys"]]
        if page["settings"]["state"] == "done" and keys == [(1, False), (2, True)]:
            break
        assert time.monotonic() < until, (page["settings"], keys)
        time.sleep(0.2)


def test_a_button_without_a_network_is_carried_by_a_lamp_with_a_line_to_the_county(
    county: County, operator: Operator, make_board: Maker
) -> None:
    mark = secrets.token_hex(3)
    devices = [
        {"id": f"lamp{mark}", "kind": "lamp", "links": ["wan"]},
        {"id": f"key{mark}", "kind": "button", "links": ["relay"], "through": [f"lamp{mark}"]},
    ]
    group = {"name": "六组", "sites": [{"id": f"s{mark}", "name": "六组 1号", "devices": devices}]}
    broker = {"host": "127.0.0.1", "port": 9, "name": "nowhere.heartlamp"}
    village = {"name": f"村{mark}", "township": "城关镇", "broker": broker, "groups": [group]}
    assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}) == []
    with Ether() as ether:
        lamp = make_board(county, f"lamp{mark}", ether=ether)
        lamp.wait_show("working", 15)
        button = make_board(county, f"key{mark}", ("relay",), ether=ether)
        button.wait_trace("sleep", 15)
        button.press("red")  # which wakes it
        event = str(button.wait_trace("pressed", 10)["event"])
        button.release("red")
        button.wait_trace("received", 10, event=event)
        lamp.wait_show("told", 10, received=1)
        assert operator.card(event)["site"]["name"] == "六组 1号"
        button.kill()
        lamp.kill()


def test_another_name_in_the_certificate_is_no_county(county: County, village: Village, make_board: Maker) -> None:
    board = make_board(county, village.lamps[0].id, server_name="elsewhere.heartlamp")
    why = board.wait_trace("link", 10, up=0, path="wan")["why"]
    assert "certificate" in why


def test_a_line_that_goes_dead_without_a_word_is_noticed_within_20_s(
    county: County, village: Village, make_board: Maker
) -> None:
    line = Uplink(("127.0.0.1", int(county.gateways.rpartition(":")[2])))
    line.start()
    try:
        board = make_board(county, village.lamps[0].id, port=line.port)
        board.wait_show("working", 10)
        mark, began = board.mark(), time.monotonic()
        line.freeze()
        board.wait_show("shout", 25, mark)
        took = time.monotonic() - began
        print(f"a dead line was noticed, and shown after the grace of 5 s, in {took:.1f} s")
        assert took < 25
        event = press(board)
        line.mend()
        board.wait_trace("received", 20, event=event)
    finally:
        line.stop()


@pytest.mark.prove
def test_whatever_a_county_answers_the_press_is_kept_until_the_true_one_receipts_it(
    county: County, village: Village, make_board: Maker
) -> None:
    crooked = Crooked(county)
    crooked.answer = JUNK["nothing"]
    try:
        board = make_board(county, village.lamps[0].id, port=crooked.port)
        board.wait_trace("boot")
        event = press(board)
        for name, junk in JUNK.items():
            crooked.answer = junk
            while crooked.asked.acquire(blocking=False):
                pass  # those of the one before
            for _ in range(2):
                assert crooked.asked.acquire(timeout=20), name
        assert not [line for line in board.lines() if line.get("trace") == "received"]
        crooked.answer = None
        board.wait_trace("received", 20, event=event)
    finally:
        crooked.stop()


@pytest.mark.prove
@pytest.mark.timeout(180)
def test_a_line_that_is_cut_and_dead_by_turns_loses_no_press(
    county: County, village: Village, operator: Operator, make_board: Maker
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    line = Uplink(("127.0.0.1", int(county.gateways.rpartition(":")[2])))
    line.start()
    try:
        board = make_board(county, village.lamps[0].id, port=line.port)
        board.wait_show("working", 10)
        pressed = []
        for _ in range(8):
            dice.choice((line.cut, line.freeze))()
            pressed.append(press(board))
            time.sleep(dice.uniform(0, 3))  # what the line does is the test's input
            line.mend()
            time.sleep(dice.uniform(0, 1.5))
            pressed.append(press(board))
        for event in pressed:
            board.wait_trace("received", 40, event=event)
    finally:
        line.stop()
    print(f"seed {seed}: {len(pressed)} presses")
    assert operator.card(pressed[0])["presses"] == len(pressed), f"seed {seed}"
    stored = county.sql("SELECT id FROM event WHERE id = ANY(%s)", pressed)
    assert sorted(id for (id,) in stored) == sorted(pressed), f"seed {seed}"
