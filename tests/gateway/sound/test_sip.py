"""A SIP loudspeaker over real UDP: called, spoken to, hung up; and everything that may go wrong on the way."""

import socket
import threading
import time
from array import array

import pytest
from heartlamp_gateway.outputs.speaker.by_sip import SipSpeaker
from heartlamp_gateway.outputs.speaker.digest import Login
from heartlamp_gateway.outputs.speaker.kind import CutOff, Unheard
from heartlamp_gateway.outputs.speaker.sip_call import OVER, Call, Ends
from heartlamp_gateway.outputs.speaker.sip_words import SipError, read_answer, read_message
from heartlamp_gateway.outputs.speaker.sound import attention, halved
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.sound.http_speaker import took
from tests.gateway.sound.sip_speaker import SipSpeakerServer

TONE = attention()[: 16 * 600]  # 0.6 s
KNOWN = Login("village", "drum and gong")


def speaker(server: SipSpeakerServer, login: Login | None = None, timeout_s: float = 3.0) -> SipSpeaker:
    user = "heartlamp" if login is None else login.user
    return SipSpeaker(server.uri, "127.0.0.1", server.port, user, login, timeout_s)


def play(
    it: SipSpeaker, samples: "array[int]" = TONE, within_s: float = 30.0, cut: threading.Event | None = None
) -> None:
    it.play(samples, time.monotonic() + within_s, cut or threading.Event(), lambda: None)


@pytest.mark.parametrize(("codecs", "step"), [((8, 0), 16), ((0,), 16), ((9, 0, 8), 16)])
def test_it_hears_the_file_and_is_hung_up(codecs: tuple[int, ...], step: int) -> None:
    with SipSpeakerServer(codecs=codecs).listening() as server:
        play(speaker(server))
        server.wait_for(lambda: "BYE" in server.methods())
    assert server.methods() == ["INVITE", "ACK", "BYE"]
    file, heard = halved(TONE), server.heard()
    assert len(heard) == len(file) == 4_800
    assert all(abs(a - b) <= max(step, abs(a) / 16) for a, b in zip(file, heard, strict=True))
    assert {p[1] & 0x7F for _, p in server.packets} == {next(c for c in codecs if c in (0, 8))}
    # 30 packets in 0.58 s, not in one burst
    assert 0.5 < server.packets[-1][0] - server.packets[0][0] < 3.0


def test_what_it_is_sent_in_the_call_goes_by_its_contact_and_its_route() -> None:
    with SipSpeakerServer().listening() as server:
        play(speaker(server))
        server.wait_for(lambda: "BYE" in server.methods())
    (_, invite, sdp), (_, ack, _), (_, bye, _) = server.requests
    assert invite["cseq"] == ack["cseq"].replace("ACK", "INVITE") == "1 INVITE"
    assert bye["cseq"] == "2 BYE"
    assert ack["to"] == bye["to"] == f"<{server.uri}>;tag=spk"
    assert bye["route"] == "<sip:one;lr>"  # the last of two headers of one name: reversed as of RFC 3261 §12.1.2
    assert len({r["via"] for _, r, _ in server.requests}) == 3
    assert "m=audio" in sdp


@pytest.mark.parametrize("challenge", [401, 407])
@pytest.mark.parametrize("needs", ["MD5", "SHA-256"])
def test_it_is_told_who_we_are(needs: str, challenge: int) -> None:
    with SipSpeakerServer(needs=needs, challenge=challenge).listening() as server:
        it = speaker(server, KNOWN)
        play(it)
        assert it.check() == ""
        server.wait_for(lambda: "BYE" in server.methods())
    assert [m for m in server.methods() if m != "OPTIONS"] == ["INVITE", "ACK", "INVITE", "ACK", "BYE"]


@pytest.mark.parametrize("login", [Login("village", "wrong"), None])
def test_a_wrong_password_is_said_and_not_tried_again(login: Login | None) -> None:
    with SipSpeakerServer(needs="MD5").listening() as server:
        it = speaker(server, login)
        with pytest.raises(Unheard, match=r"refuses our name and password \(401\)") as wrong:
            play(it)
        assert not wrong.value.again
        assert "refuses our name and password" in it.check()
    assert server.methods().count("INVITE") <= 2
    assert server.packets == []


def test_one_that_is_busy_is_asked_again_later() -> None:
    with SipSpeakerServer(final="486 Busy Here").listening() as server:
        with pytest.raises(Unheard, match=r"is busy \(486 Busy Here\)") as wrong:
            play(speaker(server))
        assert wrong.value.again
        server.wait_for(lambda: server.methods() == ["INVITE", "ACK"])


def test_one_that_refuses_is_named_with_its_words() -> None:
    with SipSpeakerServer(final="603 Decline").listening() as server:
        with pytest.raises(Unheard, match="603 Decline") as wrong:
            play(speaker(server))
        assert not wrong.value.again


def test_one_that_knows_no_codec_of_ours_is_hung_up_at_once() -> None:
    with SipSpeakerServer(codecs=(9,)).listening() as server:
        with pytest.raises(Unheard, match="knows neither PCMA nor PCMU"):
            play(speaker(server))
        server.wait_for(lambda: server.methods() == ["INVITE", "ACK", "BYE"])


def test_one_that_only_rings_is_called_off_in_time() -> None:
    with SipSpeakerServer(rings_only=True).listening() as server:
        start = time.monotonic()
        with pytest.raises(Unheard, match="does not pick up"):
            play(speaker(server, timeout_s=0.5))
        assert took(start) < 4.0
        server.wait_for(lambda: server.methods() == ["INVITE", "CANCEL", "ACK"])


def test_one_that_says_nothing_is_given_up_in_time() -> None:
    with SipSpeakerServer(silent=True).listening() as server:
        it = speaker(server, timeout_s=0.6)
        start = time.monotonic()
        with pytest.raises(Unheard, match="does not answer"):
            play(it)
        assert took(start) < 4.0  # 0.6 s, and a moment in which it may still take our CANCEL
        start = time.monotonic()
        assert "does not answer" in it.check()
        assert took(start) < 4.0


def test_the_deadline_of_the_order_goes_before_its_own() -> None:
    with SipSpeakerServer(rings_only=True).listening() as server:
        start = time.monotonic()
        with pytest.raises(Unheard):
            play(speaker(server, timeout_s=30.0), within_s=0.3)
        assert took(start) < 4.0


def test_where_nobody_listens_is_known_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    it = SipSpeaker(f"sip:8001@127.0.0.1:{port}", "127.0.0.1", port, "heartlamp", None, 10.0)
    start = time.monotonic()
    with pytest.raises(Unheard, match="nothing listens"):
        play(it)
    assert "nothing listens" in it.check()
    assert took(start) < 4.0


@pytest.mark.parametrize("loses", [{"INVITE": 1}, {"INVITE": 2, "BYE": 1}, {"OPTIONS": 1}])
def test_a_lost_datagram_is_sent_again(loses: dict[str, int]) -> None:
    with SipSpeakerServer(loses=loses).listening() as server:
        it = speaker(server)
        assert it.check() == ""
        play(it)
        server.wait_for(lambda: "BYE" in server.methods())
    assert server.heard()[:4_800] == server.heard()
    assert len(server.heard()) == 4_800


def test_a_yes_that_comes_twice_is_confirmed_twice_and_spoken_to_once() -> None:
    with SipSpeakerServer(ok_again=True).listening() as server:
        play(speaker(server))
        server.wait_for(lambda: server.methods() == ["INVITE", "ACK", "ACK", "BYE"])
    assert len(server.packets) == 30


def test_one_that_hangs_up_in_the_middle_has_not_heard_all() -> None:
    with SipSpeakerServer(hangs_up_after=10).listening() as server:
        with pytest.raises(Unheard, match="hung up") as wrong:
            play(speaker(server), attention())
        assert wrong.value.again
        server.wait_for(lambda: server.said == ["SIP/2.0 200 OK"])
    assert "BYE" not in server.methods()
    assert len(server.packets) < 20


def test_a_cut_hangs_up_at_once() -> None:
    cut = threading.Event()
    with SipSpeakerServer().listening() as server:

        def fire() -> None:
            server.wait_for(lambda: len(server.packets) > 5)
            cut.set()

        thread = threading.Thread(target=fire)
        thread.start()
        with pytest.raises(CutOff):
            play(speaker(server), attention() * 5, cut=cut)
        thread.join()
        server.wait_for(lambda: server.methods() == ["INVITE", "ACK", "BYE"])
    assert len(server.packets) < 50


def test_a_cut_calls_off_one_that_rings() -> None:
    cut = threading.Event()
    with SipSpeakerServer(rings_only=True).listening() as server:
        threading.Timer(0.3, cut.set).start()
        start = time.monotonic()
        with pytest.raises(CutOff):
            play(speaker(server, timeout_s=30), cut=cut)
        assert took(start) < 4.0
        server.wait_for(lambda: "CANCEL" in server.methods())


@pytest.mark.parametrize(
    ("options", "fine"), [("405 Method Not Allowed", True), ("503 Away", False), ("404 No", False)]
)
def test_health_is_what_it_says_of_itself(options: str, fine: bool) -> None:
    with SipSpeakerServer(options=options).listening() as server:
        assert (speaker(server).check() == "") is fine


def test_a_yes_that_crosses_our_calling_off_is_hung_up() -> None:
    numbers = iter(range(1_000))
    call = Call(Ends("sip:1@h", "us", "127.0.0.1", 5_060), 4_000, None, lambda: f"{next(numbers):016x}")
    invite = read_message(call.begin(0.0)[0])
    assert call.leave(1.0)[0].startswith(b"CANCEL sip:1@h")
    yes = (
        f"SIP/2.0 200 OK\r\nVia: {invite.first('via')}\r\nFrom: {invite.first('from')}\r\nTo: <sip:1@h>;tag=x\r\n"
        f"Call-ID: {invite.first('call-id')}\r\nCSeq: 1 INVITE\r\nContact: <sip:2@h>\r\n\r\n"
    )
    ack, bye = call.hear(yes.encode(), 1.1)
    assert ack.startswith(b"ACK sip:2@h")
    assert bye.startswith(b"BYE sip:2@h")
    call.hear(yes.replace("1 INVITE", "2 BYE").encode(), 1.2)
    assert call.state == OVER


def test_a_call_that_nobody_answers_is_sent_at_the_standards_times_and_ends() -> None:
    """RFC 3261 §17.1.1.2, with T2 as an upper bound."""
    call = Call(Ends("sip:1@h", "us", "127.0.0.1", 5_060), 4_000, None, lambda: "0123456789abcdef")
    call.begin(0.0)
    sent = [t / 10 for t in range(1, 400) if call.tick(t / 10)]
    assert sent == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert (call.state, call.why) == (OVER, "does not answer")


@given(
    st.one_of(st.binary(max_size=200), st.text(st.sampled_from("SIP/2.0 1OK\r\n:;,<>=Cseq viacl-d")).map(str.encode))
)
def test_nothing_that_comes_breaks_a_call(data: bytes) -> None:
    call = Call(Ends("sip:1@h", "us", "127.0.0.1", 5_060), 4_000, None, lambda: "0123456789abcdef")
    call.begin(0.0)
    call.hear(data, 0.1)
    try:
        read_message(data)
    except SipError:
        pass
    try:
        read_answer(data)
    except SipError:
        pass
