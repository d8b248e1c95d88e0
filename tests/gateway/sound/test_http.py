"""A network loudspeaker over real HTTP."""

import socket
import threading
import time

import pytest
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.by_http import HttpSpeaker
from heartlamp_gateway.outputs.speaker.digest import Challenge, Login, answer, read_challenges
from heartlamp_gateway.outputs.speaker.kind import CutOff, Unheard

from tests.gateway.sound.http_speaker import HttpSpeakerServer, took
from tests.gateway.sound.orders import ramp

SHORT = ramp(300)
KNOWN = Login("village", "drum and gong")


def speaker(url: str, **other: object) -> HttpSpeaker:
    fields: dict[str, object] = {
        "url": f"{url}/play?volume=90", "method": "POST", "send": "wav", "body": '{"url":"{url}"}',
        "content_type": "audio/wav", "stop_url": f"{url}/stop", "check_url": f"{url}/play", "login": None, "ca": None,
        "timeout_s": 2.0,
    }  # fmt: skip
    return HttpSpeaker(**(fields | other))  # type: ignore[arg-type]


def play(it: HttpSpeaker, samples: object = SHORT, within_s: float = 30.0, cut: threading.Event | None = None) -> None:
    it.play(samples, time.monotonic() + within_s, cut or threading.Event(), lambda: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_sound_arrives_byte_for_byte_and_its_time_is_waited_for(method: str) -> None:
    with HttpSpeakerServer().listening() as server:
        start = time.monotonic()
        play(speaker(server.url, method=method))
        assert took(start) >= 0.3
    assert server.got == [(method, "/play?volume=90", "audio/wav", sound.to_wav(SHORT))]


def test_one_that_answers_when_it_has_played_is_not_waited_for_twice() -> None:
    with HttpSpeakerServer(plays_s=1.2).listening() as server:
        start = time.monotonic()
        play(speaker(server.url), ramp(1_200))
        assert took(start) < 2.3


def test_one_that_wants_an_address_fetches_the_sound_from_us() -> None:
    with HttpSpeakerServer().listening() as server:
        play(speaker(server.url, send="url", content_type="application/json"))
    assert server.fetched == [sound.to_wav(SHORT)]


def test_one_that_says_yes_and_never_fetches_was_not_heard() -> None:
    with (
        HttpSpeakerServer(fetches=False).listening() as server,
        pytest.raises(Unheard, match="never fetched"),
    ):
        play(speaker(server.url, send="url", content_type="application/json", timeout_s=0.3))


@pytest.mark.parametrize("needs", ["basic", "MD5", "SHA-256"])
def test_it_is_told_who_we_are(needs: str) -> None:
    with HttpSpeakerServer(needs=needs).listening() as server:
        it = speaker(server.url, login=KNOWN)
        play(it)
        assert it.check() == ""
    assert [body for _, _, _, body in server.got] == [sound.to_wav(SHORT)]


@pytest.mark.parametrize("needs", ["basic", "MD5", "SHA-256"])
@pytest.mark.parametrize("login", [Login("village", "wrong"), None])
def test_a_wrong_password_is_said_and_not_tried_again(needs: str, login: Login | None) -> None:
    with HttpSpeakerServer(needs=needs).listening() as server:
        it = speaker(server.url, login=login)
        with pytest.raises(Unheard, match=r"refuses our name and password \(401\)") as wrong:
            play(it)
        assert not wrong.value.again
        assert "refuses our name" in it.check()
    assert server.got == []


@pytest.mark.parametrize(("status", "again"), [(503, True), (409, True), (404, False), (302, False), (400, False)])
def test_what_is_no_2xx_was_not_heard(status: int, again: bool) -> None:
    with HttpSpeakerServer(answers=[status]).listening() as server:
        with pytest.raises(Unheard, match=f"answered {status}") as wrong:
            play(speaker(server.url))
        assert wrong.value.again is again


def test_one_that_takes_the_connection_and_never_answers_is_given_up() -> None:
    with HttpSpeakerServer(hangs=True).listening() as server:
        it = speaker(server.url, timeout_s=0.5)
        start = time.monotonic()
        with pytest.raises(Unheard, match="does not answer"):
            play(it)
        assert took(start) < 4.0
        start = time.monotonic()
        assert "does not answer" in it.check()
        assert took(start) < 4.0


def test_one_that_drips_a_byte_now_and_then_is_given_up_too() -> None:
    with HttpSpeakerServer(drips=True).listening() as server:
        start = time.monotonic()
        with pytest.raises(Unheard, match="does not answer"):
            play(speaker(server.url, timeout_s=0.5))
        assert took(start) < 4.0


def test_the_deadline_of_the_order_goes_before_its_own() -> None:
    with HttpSpeakerServer(hangs=True).listening() as server:
        start = time.monotonic()
        with pytest.raises(Unheard):
            play(speaker(server.url, timeout_s=20.0), within_s=0.3)
        assert took(start) < 4.0


def test_one_that_is_away_is_named() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        it = speaker(f"http://127.0.0.1:{door.getsockname()[1]}")
        with pytest.raises(Unheard, match="refused") as wrong:
            play(it)
        assert wrong.value.again
        assert "refused" in it.check()


def test_a_cut_stops_the_loudspeaker_at_once() -> None:
    cut = threading.Event()
    with HttpSpeakerServer().listening() as server:

        def fire() -> None:
            server.arrived.wait(5)
            cut.set()

        threading.Thread(target=fire, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(CutOff):
            play(speaker(server.url), ramp(20_000), cut=cut)
        assert took(start) < 5.0
    assert [path for _, path, _, _ in server.got] == ["/play?volume=90", "/stop"]


def test_a_cut_ends_the_waiting_for_one_that_hangs() -> None:
    cut = threading.Event()
    with HttpSpeakerServer(hangs=True).listening() as server:
        threading.Timer(0.2, cut.set).start()
        start = time.monotonic()
        with pytest.raises(CutOff):
            play(speaker(server.url, timeout_s=20.0), ramp(20_000), cut=cut)
        assert took(start) < 4.0


def test_the_answers_of_the_standard() -> None:
    """RFC 7616 §3.9.1."""
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        asked = Challenge(
            algorithm, "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", None, True
        )
        said = answer(
            asked, Login("Mufasa", "Circle of Life"), "GET", "/dir/index.html", 1,
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )  # fmt: skip
        assert f'response="{response}"' in said


def test_of_several_questions_the_strongest_that_we_understand_is_answered() -> None:
    asked = [
        'Basic realm="x"',
        'Digest realm="x", nonce="a", algorithm=SHA-512-256',
        'Digest realm="x", nonce="b"',
        'Digest realm="x", nonce="c", algorithm=SHA-256, qop="auth-int"',
    ]
    assert [(c.algorithm, c.nonce) for c in read_challenges(asked)] == [("MD5", "b"), ("basic", "")]
    assert read_challenges(["", "Digest", "Negotiate abc"]) == []
