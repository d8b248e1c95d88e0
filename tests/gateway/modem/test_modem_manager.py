"""The same adapters on a real ModemManager, which drives a modem that speaks AT: what stands for ModemManager in the
other tests says what it says itself. Where it is not there (`sh bootstrap/modemmanager.sh` unpacks it), they are left
out.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.modem import call as rule
from heartlamp_gateway.outputs.modem import trouble
from heartlamp_gateway.outputs.modem.bus import Bus
from heartlamp_gateway.outputs.modem.names import MODEM, ROOT, SERVICE
from heartlamp_gateway.outputs.modem.sms import Sms
from heartlamp_gateway.outputs.modem.voice import Voice

from tests.gateway.modem.at_modem import AtModem
from tests.gateway.modem.rig import HEAD, MOCK, SYSTEM_PYTHON, Box, Doing, order
from tests.gateway.rig.processes import Process
from tests.gateway.rig.waiting import until

UNPACKED = Path(os.environ.get("HEARTLAMP_MODEMMANAGER", Path(__file__).parents[3] / ".tools/modemmanager"))
DAEMON = UNPACKED / "usr/sbin/ModemManager"
LIBRARIES = next(iter((UNPACKED / "usr/lib").glob("*-linux-gnu")), UNPACKED)
PLUGIN = "simtech"  # one of the three that hear keys
POLKIT, AUTHORITY = "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority"

pytestmark = pytest.mark.skipif(
    not DAEMON.exists(), reason="ModemManager is not unpacked: sh bootstrap/modemmanager.sh"
)


class Real(Box):
    """ModemManager, the polkit that it asks (dbusmock's), and the modem."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.make(replace(self.config, answer_s=3.0))  # it looks at a call every 2 s
        bus = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self.polkit = Process(
            [SYSTEM_PYTHON, "-m", "dbusmock", "--system", "--template", "polkitd"], folder / "polkit.log", bus
        )
        self.service = Process(
            [
                str(DAEMON), "--test-enable", "--test-no-udev", "--test-no-suspend-resume", "--test-no-qrtr",
                "--no-auto-scan", f"--test-plugin-dir={LIBRARIES / 'ModemManager'}", "--debug",
            ],
            folder / "service.log",
            bus | {"LD_LIBRARY_PATH": str(LIBRARIES)},
        )  # fmt: skip
        self.port = f"abstract:heartlamp:{os.getpid()}"
        self.at = AtModem(self.port)

    def start(self) -> "Real":
        self.start_bus()
        self.polkit.start()
        until("polkit", lambda: self._has(POLKIT))
        self.service.start()
        until("ModemManager", lambda: self._has(SERVICE))
        return self

    def allow(self, everything: bool) -> None:
        with Bus(self.address) as bus:
            bus.call(AUTHORITY, MOCK, "AllowUnknown", "b", everything, to=POLKIT)

    def plug(self) -> None:
        with Bus(self.address) as bus:
            bus.call(ROOT, SERVICE + ".Test", "SetProfile", "ssas", "hl", PLUGIN, [self.port])

    def close(self) -> None:
        super().close()
        self.polkit.kill()
        self.at.close()

    def hung_up(self) -> bool:
        with self.at.board:
            return self.at.call is None and "AT+CHUP" in self.at.asked

    def _has(self, name: str) -> bool:
        with Bus(self.address) as bus:
            dbus = "org.freedesktop.DBus"
            return bool(bus.call("/org/freedesktop/DBus", dbus, "NameHasOwner", "s", name, to=dbus)[0])


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    """It takes seconds to know its modem: once for all stories, which leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="hl-mm-") as folder:
        made = Real(Path(folder))
        try:
            made.start()
            assert made.voice.health() == trouble.NO_MODEM
            made.plug()
            until("the modem, off", lambda: made.voice.health() == trouble.OFF, 20.0)
            assert Doing(made.sms, order("sms")).end() == Report("failed", trouble.NOT_ALLOWED)
            made.allow(True)
            made.start_inbox()
            until("the modem, registered", lambda: made.voice.health() == made.sms.health() == "", 30.0)
            yield made
        finally:
            made.close()
            lines = (made.folder / "service.log").read_text(errors="replace").splitlines()
            print("\n".join(lines[-300:]))


def test_a_message_goes_out_and_its_delivery_is_reported(real: Real) -> None:
    sending = Doing(real.sms, order("sms"))
    sending.says("sent")
    with real.at.board:
        pdu, reference = real.at.sent[-1], len(real.at.sent)
    assert int(pdu[2:4], 16) & 0x20, "no delivery report was asked for"
    assert "能去回1，不能去回2。".encode("utf-16-be").hex().upper() in pdu
    real.at.delivers(reference, "+86" + HEAD, 0)
    assert sending.end() == Report("done")
    assert sending.states == ["sent", "delivered"]


def test_an_answer_comes_back_and_leaves_the_modem(real: Real) -> None:
    before = len(real.answers)
    real.at.writes(3, "+86" + HEAD, "2 去不了")
    until("the answer", lambda: len(real.answers) > before)
    assert real.answers[-1] == ("+86" + HEAD, "cannot", "2 去不了")
    until("an empty store", lambda: real.at.stored == [])


def test_a_call_is_taken_and_no_key_comes(real: Real) -> None:
    voice = Doing(real.voice, order())
    until("the call", lambda: real.at.call == 2)
    real.at.rings_or_so(3)
    voice.says("rang")
    real.at.rings_or_so(0)
    voice.says("answered")
    assert voice.end() == Report("voicemail", rule.NO_KEY)
    until("hung up", real.hung_up)


def test_a_key_is_heard(real: Real) -> None:
    voice = Doing(real.voice, order())
    until("the call", lambda: real.at.call == 2)
    real.at.rings_or_so(0)
    voice.says("answered")
    real.at.presses("1")
    assert voice.end() == Report("coming")
    until("hung up", real.hung_up)


def test_the_far_end_hangs_up_while_it_rings(real: Real) -> None:
    voice = Doing(real.voice, order())
    until("the call", lambda: real.at.call == 2)
    real.at.rings_or_so(3)
    voice.says("rang")
    real.at.ends("BUSY")
    assert voice.end() == Report("unanswered", rule.RANG_OUT)


def test_nobody_takes_a_call(real: Real) -> None:
    voice = Doing(Voice(replace(real.config, ring_s=5.0), real.turn), order())
    until("the call", lambda: real.at.call == 2)
    real.at.rings_or_so(3)
    assert voice.end(12.0) == Report("unanswered", rule.RANG_OUT)
    until("hung up", real.hung_up)


@pytest.mark.parametrize("said", ["BUSY", "NO CARRIER", "NO ANSWER"])
def test_what_the_network_ends_at_once_is_unanswered(real: Real, said: str) -> None:
    """ModemManager makes no difference between them."""
    real.at.dials = said
    try:
        ended = Doing(real.voice, order()).end(12.0)
        assert ended == Report("unanswered", rule.AWAY)
    finally:
        real.at.dials = "OK"


def test_it_may_not(real: Real) -> None:
    real.allow(False)
    try:
        assert real.voice.health() == trouble.NOT_ALLOWED
        assert real.sms.health() == trouble.NOT_ALLOWED
    finally:
        real.allow(True)


def test_the_modem_has_both(real: Real) -> None:
    with Bus(real.address) as bus:
        ((_, interfaces),) = bus.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")[0].items()
    assert {MODEM + ".Voice", MODEM + ".Messaging"} <= set(interfaces)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("+CMS ERROR: 8", trouble.BARRED),
        ("+CMS ERROR: 50", trouble.BARRED),
        ("+CMS ERROR: 302", trouble.BARRED),
        ("+CMS ERROR: 21", trouble.REJECTED),
        ("+CMS ERROR: 1", trouble.NO_SUCH_NUMBER),
        ("+CMS ERROR: 42", trouble.BUSY_NETWORK),
        ("+CMS ERROR: 331", trouble.NO_NETWORK),
    ],
    ids=["barred", "not subscribed", "not allowed", "sent back", "no such number", "congestion", "no network"],
)
def test_the_network_refuses_a_message(real: Real, said: str, words: str) -> None:
    real.at.refuses = said
    try:
        sms = Sms(real.config, real.reports)
        assert Doing(sms, order("sms")).end(30.0) == Report("failed", words)
    finally:
        real.at.refuses = ""
    assert sms.health() == (words if trouble.is_barred(words) else "")
