"""What a key is worth, on live connections: a real county, a real gateway and its real Mosquitto. A device is let in
once it proved itself, and put out within seconds of its end, whichever way that comes."""

import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import sign, write_frame
from heartlamp_protocol.device.mac import device_key, mqtt_password
from heartlamp_protocol.device.names import event_id
from heartlamp_server.provisioning.model import proof
from paho.mqtt.enums import CallbackAPIVersion

from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(300)

PLAN = Village(
    "ken", "垦头村", "990101100204", (House("ken", "一组", 1, ("lamp",)), House("ken", "二组", 2, ("lamp",)))
)
WITHIN = 5.0
HEARTBEAT = 90.0  # a lamp's comes each 30 s, and may wait 20 s at its gateway


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("keys"), villages=(PLAN,), boards=False) as rig:
        yield rig


@pytest.fixture(scope="module")
def technician(rig: Rig) -> httpx.Client:
    config = rig.folder / "county/server.toml"
    said = rig._server_cli("user", "add", "tech", "--display", "技术员", "--role", "technician", "--config", config)
    http = httpx.Client(base_url=rig.console_url, headers={"X-Heartlamp": "1"})
    assert http.post("/api/login", json={"name": "tech", "password": said.split()[-1]}).status_code == 200
    return http


class Live:
    """A session of a device at its village's broker. `kv`: under which key version; it comes again until it is in."""

    def __init__(self, settings: dict[str, Any], kv: int = 1) -> None:
        self.settings, self.kv, self.root = settings, kv, bytes.fromhex(settings["root"])
        self.up, self.out, self.seq = threading.Event(), threading.Event(), 0
        self.user = f"{settings['dev']}.{kv}"
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.user, reconnect_on_failure=False)
        self.client.username_pw_set(self.user, mqtt_password(self.root, kv))
        context = ssl.create_default_context(cadata=settings["ca"])
        context.check_hostname = False  # the name is not its address here
        self.client.tls_set_context(context)
        self.client.on_connect = lambda c, u, f, reason, p: None if reason.is_failure else self.up.set()
        self.client.on_disconnect = lambda *_: self.out.set() if self.up.is_set() else None

    def try_once(self) -> bool:
        self.client.connect(self.settings["host"], self.settings["port"])
        self.client.loop_start()
        if self.up.wait(0.5):
            return True
        self.client.loop_stop()
        self.client.disconnect()
        return False

    def in_within(self, seconds: float) -> float:
        """Seconds until it was let in."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.try_once():
                return time.monotonic() - began
        raise TimeoutError(f"{self.user} was not let in within {seconds:g} s")

    def put_out_within(self, seconds: float, since: float) -> float:
        assert self.out.wait(seconds + 10), f"{self.user} is still connected"
        self.client.loop_stop()
        took = time.monotonic() - since
        print(f"{self.user} was put out after {took:.2f} s")
        assert took < seconds
        return took

    def press(self) -> None:
        dev, self.seq = self.settings["dev"], self.seq + 1
        body = write_alarm(event_id(dev, secrets.token_bytes(8)), dev, self.kv, "0123abcd", self.seq, 1000, "panic")
        frame = write_frame(0, sign(device_key(self.root, self.kv), body), body)
        self.client.publish(f"hl/1/{dev}/event", frame, qos=1)


def post(technician: httpx.Client, path: str, **body: Any) -> Any:
    reply = technician.post(f"/api/{path}", json=body)
    assert reply.is_success, reply.text
    return reply.json()


def use(technician: httpx.Client, claim: Any) -> None:
    said = proof(bytes.fromhex(claim["settings"]["root"]), 1, claim["id"])
    post(technician, f"claims/{claim['id']}/use", secret=claim["secret"], proof=said)


def claimed(technician: httpx.Client, house: int = 0) -> Any:
    [claim] = post(technician, "claims", sites=[{"site": PLAN.houses[house].site, "kind": "lamp"}])["claims"]
    return claim


def want(technician: httpx.Client, device: str, **settings: Any) -> httpx.Response:
    return technician.put(f"/api/devices/{device}/desired", json={"settings": settings})


def until_settings(technician: httpx.Client, device: str, state: str) -> None:
    """Returns once the county knows this of them: asked twice a second, because nothing tells of it."""
    deadline = time.monotonic() + HEARTBEAT
    while (found := technician.get(f"/api/devices/{device}").json()["settings"]["state"]) != state:
        assert time.monotonic() < deadline, f"the settings of {device} are {found}, not {state}"
        time.sleep(0.5)


def test_rotation_replacement_and_revocation_reach_a_live_connection_within_five_seconds(
    rig: Rig, technician: httpx.Client
) -> None:
    claim = claimed(technician)
    old = Live(claim["settings"])
    assert not old.try_once()  # what is only claimed opens nothing
    use(technician, claim)
    print(f"let in {old.in_within(WITHIN):.2f} s after its proof")
    # Rotation: both names, until the first word under the new one.
    rotated = post(technician, f"devices/{claim['device']}/rotate")
    assert rotated == {"device": claim["device"], "kv": 2, "used": 1}
    new = Live(claim["settings"], kv=2)
    new.in_within(WITHIN)
    assert not old.out.is_set()
    new.press()
    old.put_out_within(WITHIN, time.monotonic())
    assert not Live(claim["settings"]).try_once()
    assert not new.out.is_set()
    # Replacement: the old device goes on until the new one is used.
    other = post(technician, f"devices/{claim['device']}/replace", board="esp32s3-lamp")
    assert (other["replaces"], new.out.is_set()) == (claim["device"], False)
    use(technician, other)
    new.put_out_within(WITHIN, time.monotonic())
    instead = Live(other["settings"])
    instead.in_within(WITHIN)
    # Revocation.
    post(technician, f"devices/{other['device']}/revoke", reason="stolen")
    instead.put_out_within(WITHIN, time.monotonic())
    assert not Live(other["settings"]).try_once()
    written = rig.server.tail()
    assert claim["settings"]["root"] not in written


@pytest.mark.prove
def test_a_real_device_is_set_by_network_alone_and_its_old_name_is_refused(rig: Rig, technician: httpx.Client) -> None:
    claim = claimed(technician, 1)
    device, settings = claim["device"], claim["settings"]
    board = rig.board(device)
    board.provision(settings)
    use(technician, claim)
    try:
        # What is wanted of a device that is off waits until it comes; what cannot be wanted is refused at once.
        assert want(technician, device, lang="en").is_success
        assert want(technician, device, wifi={"ssid": "x", "password": ""}).status_code == 422
        board.start()
        board.wait_show("working", timeout=60)
        board.wait_trace("wished", HEARTBEAT, changed=["lang"])
        until_settings(technician, device, "done")
        # Its next key: told, taken, used, and the old name is nobody's.
        mark = board.mark()
        assert post(technician, f"devices/{device}/rotate")["kv"] == 2
        board.wait_trace("wished", HEARTBEAT, after=mark, changed=["kv"])
        board.wait_trace("boot", 60, after=mark)
        board.wait_trace("link", 60, after=mark, up=1)
        until_settings(technician, device, "done")
        old = Live(settings)
        if old.try_once():  # its gateway has yet to learn of the first use
            old.put_out_within(WITHIN, time.monotonic())
        assert not Live(settings).try_once()
        board.press("red")
        stored = board.wait_trace("stored", after=mark)
        board.wait_trace("received", 30, after=mark, event=stored["event"])
        board.release("red")
        keys = technician.get(f"/api/devices/{device}").json()["keys"]
        assert [(key["version"], key["revoked_at"] is None) for key in keys] == [(1, False), (2, True)]
        assert not [line for line in board.lines() if line.get("trace") == "forged"]
    finally:
        board.stop()
