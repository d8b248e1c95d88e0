"""Orders to the village's loudspeakers: which of them speak, in which order, and what is reported."""

import shutil
import threading
import time
from array import array
from pathlib import Path

import pytest
from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.loud import loud_outputs, read_loud
from heartlamp_gateway.outputs.runner import Runner
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.by_command import CommandSpeaker
from heartlamp_gateway.outputs.speaker.by_http import HttpSpeaker
from heartlamp_gateway.outputs.speaker.by_sip import SipSpeaker
from heartlamp_gateway.outputs.speaker.digest import Login
from heartlamp_gateway.outputs.speaker.settings import read_sound, read_speaker, read_speakers
from heartlamp_gateway.outputs.speaker.speakers import SILENT_HOUR, Speaker, Speakers
from heartlamp_gateway.outputs.speaker.voice import Said, Voice
from heartlamp_gateway.rules.loudness import Night
from heartlamp_gateway.settings_file import SettingsFile

from tests.gateway.rig.waiting import until
from tests.gateway.sound.http_speaker import HttpSpeakerServer, took
from tests.gateway.sound.orders import DAY, NIGHT, at, nobody, order, ramp
from tests.gateway.sound.sip_speaker import SipSpeakerServer


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Short ones: a fire and a call for help at one house, and a drill."""
    folder = tmp_path / "prompts/zh"
    (folder / "places").mkdir(parents=True)
    for i, name in enumerate(("places/三组7号", "fire", "calls-for-help", "drill")):
        (folder / f"{name}.wav").write_bytes(sound.to_wav(ramp(100, 31 + 2 * i)))
    return tmp_path / "prompts"


def http(name: str, server: HttpSpeakerServer, *groups: str, timeout_s: float = 2.0) -> Speaker:
    url, stop = f"{server.url}/play", f"{server.url}/stop"
    kind = HttpSpeaker(url, "POST", "wav", "", "audio/wav", stop, url, None, None, timeout_s)
    return Speaker(name, groups, "zh", kind)


def village(prompts: Path, *speakers: Speaker, minute: int | None = DAY, deadline_s: float = 60.0) -> Speakers:
    return Speakers(speakers, voice(prompts), Night(), at(minute), deadline_s, again_s=0.2)


def voice(prompts: Path) -> Voice:
    return Voice(prompts, 1, 60.0, "no-such-espeak", tone=ramp(50))


def played(server: HttpSpeakerServer) -> list[bytes]:
    return [body for _, path, _, body in server.got if path == "/play"]


def said(prompts: Path, what: Order) -> bytes:
    return sound.to_wav(voice(prompts).say(what, "zh").samples)


def test_a_fire_is_heard_all_over_the_village(prompts: Path) -> None:
    with HttpSpeakerServer().listening() as one, HttpSpeakerServer().listening() as two:
        reports: list[Report] = []
        it = village(prompts, http("村口", one, "01"), http("北坡", two, "02"), minute=NIGHT)
        assert it.perform(order("fire"), reports.append) == Report("done")
    assert played(one) == played(two) == [said(prompts, order("fire"))]
    assert sorted(report.why for report in reports) == ["北坡", "村口"]


def test_by_day_a_call_for_help_is_heard_in_its_group(prompts: Path) -> None:
    with (
        HttpSpeakerServer().listening() as own,
        HttpSpeakerServer().listening() as other,
        HttpSpeakerServer().listening() as every,
    ):
        it = village(prompts, http("三组", own, "03"), http("一组", other, "01", "02"), http("村口", every))
        it.perform(order("panic"), nobody)
    assert [len(played(s)) for s in (own, other, every)] == [1, 0, 1]


@pytest.mark.parametrize("minute", [NIGHT, None])
def test_by_night_a_call_for_help_is_left_to_the_lamps(minute: int | None, prompts: Path) -> None:
    with HttpSpeakerServer().listening() as server:
        it = village(prompts, http("村口", server), minute=minute)
        assert it.perform(order("panic"), nobody) == Report("done", SILENT_HOUR)
    assert server.got == []


def test_a_silent_alarm_is_refused_before_anything_is_touched(prompts: Path) -> None:
    with HttpSpeakerServer().listening() as server:
        reports: list[Report] = []
        it = village(prompts, http("村口", server))
        assert it.perform(order("silent"), reports.append).state == "failed"
        assert it.perform(order("silent", address="村口", drill=1), reports.append).state == "failed"
    assert (server.got, reports) == ([], [])


def test_the_plan_may_name_one(prompts: Path) -> None:
    with HttpSpeakerServer().listening() as one, HttpSpeakerServer().listening() as two:
        it = village(prompts, http("村口", one), http("北坡", two))
        assert it.perform(order("fire", address="北坡"), nobody).state == "done"
        assert it.perform(order("fire", address="南坡"), nobody) == Report("failed", "no loudspeaker is called 南坡")
    assert [len(played(s)) for s in (one, two)] == [0, 1]


def test_one_that_hangs_holds_up_no_other_and_is_named(prompts: Path) -> None:
    with HttpSpeakerServer(hangs=True).listening() as bad, HttpSpeakerServer().listening() as good:
        it = village(prompts, http("村口", bad, timeout_s=0.5), http("北坡", good), deadline_s=8.0)
        start = time.monotonic()
        end = it.perform(order("fire"), nobody)
        assert took(start) < 8.0
        assert end.state == "done"
        assert end.why.startswith("村口: ")
        assert "北坡" not in end.why
        assert it.health() == "", "one that works is enough"
        assert list(it.troubles()) == ["村口", "voice zh"]
    assert len(played(good)) == 1


def test_where_none_would_work_all_are_named(prompts: Path) -> None:
    with HttpSpeakerServer(answers=[500]).listening() as one, HttpSpeakerServer(hangs=True).listening() as two:
        it = village(prompts, http("村口", one, timeout_s=0.5), http("北坡", two, timeout_s=0.5))
        assert it.health() == "", "it takes a HEAD"
        one.hangs = True
        said = it.health()
    assert "村口: " in said
    assert "北坡: " in said


def test_where_none_was_heard_the_order_has_failed(prompts: Path) -> None:
    with HttpSpeakerServer(answers=[404]).listening() as server:
        end = village(prompts, http("村口", server)).perform(order("fire"), nobody)
    assert end.state == "failed"
    assert "answered 404" in end.why


def test_sent_is_said_only_of_one_that_was_reached(prompts: Path) -> None:
    said: list[Report] = []
    with HttpSpeakerServer().listening() as gone:
        away = http("河边", gone, timeout_s=0.5)
    with HttpSpeakerServer(needs="MD5").listening() as server:
        url = f"{server.url}/play"
        login = Login(server.user, server.password)
        there = Speaker("村口", (), "zh", HttpSpeaker(url, "POST", "wav", "", "audio/wav", "", url, login, None, 2.0))
        end = village(prompts, away, there, deadline_s=8.0).perform(order("fire"), said.append)
    assert (end.state, end.why.startswith("河边: ")) == ("done", True)
    assert said == [Report("sent", "村口")]


def test_one_that_is_busy_is_asked_again_until_it_is_free(prompts: Path) -> None:
    with HttpSpeakerServer(answers=[503, 503, 200]).listening() as server:
        reports: list[Report] = []
        assert village(prompts, http("村口", server)).perform(order("fire"), reports.append) == Report("done")
        assert reports == [Report("sent", "村口")]
    assert len(played(server)) == 3


def test_one_that_breaks_in_a_way_that_nobody_foresaw_has_failed_alone(prompts: Path) -> None:
    class Broken:
        def play(self, samples: "array[int]", until: float, cut: threading.Event, begun: object) -> None:
            raise ZeroDivisionError("oh")

        def check(self) -> str:
            raise ZeroDivisionError("oh")

    with HttpSpeakerServer().listening() as good:
        it = village(prompts, Speaker("坏的", (), "zh", Broken()), http("北坡", good))
        end = it.perform(order("fire"), nobody)
        assert (end.state, end.why) == ("done", "坏的: ZeroDivisionError: oh")
        assert it.health() == ""
        assert it.troubles()["坏的"] == "检查时出错。 ZeroDivisionError: oh."
    assert len(played(good)) == 1


def test_a_panic_is_cut_off_for_a_fire_and_said_when_the_fire_was(prompts: Path) -> None:
    (prompts / "zh/calls-for-help.wav").write_bytes(sound.to_wav(ramp(2_500)))
    with HttpSpeakerServer().listening() as server:
        it = village(prompts, http("村口", server))
        ends: dict[str, Report] = {}

        def panic() -> None:
            ends["panic"] = it.perform(order("panic", key="k0"), nobody)

        thread = threading.Thread(target=panic)
        thread.start()
        assert server.arrived.wait(5)
        start = time.monotonic()
        assert it.perform(order("fire"), nobody) == Report("done")
        assert took(start) < 10.0
        thread.join(30)
        assert ends["panic"] == Report("done")
    heard = [(path, body) for _, path, _, body in server.got]
    alarm, help = said(prompts, order("fire")), said(prompts, order("panic"))
    assert heard == [("/play", help), ("/stop", b""), ("/play", alarm), ("/play", help)]


def test_what_falls_due_at_one_moment_is_said_in_that_order_however_long_it_takes_to_be_put_into_words(
    prompts: Path,
) -> None:
    class Slow(Voice):
        """The first order is in words when all others are."""

        others = threading.Semaphore(0)

        def say(self, order: Order, lang: str) -> Said:
            if order.key == "a":
                assert all(self.others.acquire(timeout=5) for _ in "bcd")
                time.sleep(0.1)  # they would be in the line by now
            elif order.key:  # not a look at its health
                self.others.release()
            return Said(ramp(50, len(order.key) and ord(order.key)), "")

    ended: list[str] = []
    with HttpSpeakerServer().listening() as server:
        slow = Slow(prompts, 1, 60.0)
        it = Speakers((http("村口", server),), slow, Night(), at(DAY), 60.0, again_s=0.2)
        runner = Runner([it], lambda order: True, lambda order, said: ended.append(f"{order.key} {said.state}"))
        runner.start()
        runner.give([order("fire", key="a"), order("panic", key="b"), order("fire", key="c"), order("panic", key="d")])
        until("all are said", lambda: len([e for e in ended if e.endswith("done")]) == 4)
        runner.stop()
    assert played(server) == [sound.to_wav(ramp(50, ord(key))) for key in "acbd"]


def test_a_second_panic_waits_until_the_first_was_said(prompts: Path) -> None:
    with SipSpeakerServer().listening() as server:
        kind = SipSpeaker(server.uri, "127.0.0.1", server.port, "heartlamp", None, 3.0)
        it = village(prompts, Speaker("村口", (), "zh", kind))
        threads = [threading.Thread(target=it.perform, args=(order("panic", key=k), nobody)) for k in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        server.wait_for(lambda: server.methods().count("BYE") == 2)
    assert server.methods() == ["INVITE", "ACK", "BYE"] * 2


def test_when_the_box_stops_it_is_quiet_before_it_does(prompts: Path) -> None:
    (prompts / "zh/calls-for-help.wav").write_bytes(sound.to_wav(ramp(20_000)))
    with HttpSpeakerServer().listening() as server:
        it = village(prompts, http("村口", server))
        thread = threading.Thread(target=it.perform, args=(order("panic"), nobody), daemon=True)
        thread.start()
        assert server.arrived.wait(5)
        assert it.stop()
        thread.join(5)
        assert not thread.is_alive()
        assert it.perform(order("fire"), nobody).state == "failed"
    assert [path for _, path, _, _ in server.got] == ["/play", "/stop"]


def test_a_drill_without_a_voice_for_it_is_not_played(prompts: Path) -> None:
    with HttpSpeakerServer().listening() as server:
        it = village(prompts, http("村口", server))
        assert it.perform(order("fire", drill=1), nobody).state == "done"
        (prompts / "zh/drill.wav").unlink()
        assert it.perform(order("fire", drill=1), nobody).state == "failed"
    assert len(played(server)) == 1


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_village_that_recorded_nothing_is_told_by_a_machine(tmp_path: Path) -> None:
    out = tmp_path / "heard.wav"
    kind = CommandSpeaker(("cp", "{file}", str(out)), (), 5.0)
    it = Speakers((Speaker("村口", (), "zh", kind),), Voice(tmp_path, 3, 60.0), Night(), at(None), 60.0)
    assert it.perform(order("fire"), nobody) == Report("done")
    assert it.health() == ""
    assert 15 < sound.seconds(array("h", out.read_bytes()[44:])) < 60


def test_the_file_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("drum and gong\n")
    file = SettingsFile(
        {
            "speaker": [
                {"name": "村口", "kind": "http", "url": "http://192.168.1.60/play", "send": "url", "groups": ["01"]},
                {
                    "name": "北坡",
                    "kind": "sip",
                    "uri": "sip:8001@192.168.1.61",
                    "user": "u",
                    "password_file": "password",
                },
                {"name": "办公室", "kind": "command", "command": ["aplay", "-q", "{file}"], "lang": "zh-wenzhou"},
            ]
        },
        tmp_path,
    )
    found = read_speakers(file)
    assert file.flaws == []
    assert [(s.name, s.groups, s.lang) for s in found] == [
        ("村口", ("01",), "zh"), ("北坡", (), "zh"), ("办公室", (), "zh-wenzhou"),
    ]  # fmt: skip
    one, two, three = (s.kind for s in found)
    assert isinstance(one, HttpSpeaker)
    assert (one.content_type, one.check_url) == ("application/json", "http://192.168.1.60/play")
    assert two == SipSpeaker("sip:8001@192.168.1.61", "192.168.1.61", 5060, "u", Login("u", "drum and gong"), 10.0)
    assert three == CommandSpeaker(("aplay", "-q", "{file}"), (), 5.0)


def test_what_the_file_leaves_out_has_a_default(tmp_path: Path) -> None:
    found = read_sound({}, tmp_path)
    assert (found.prompts, found.repeats, found.night) == (tmp_path / "prompts", 3, Night(1320, 360))
    assert read_sound({"night": ["21:30", "05:00"]}, tmp_path).night == Night(1290, 300)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "http", "url": "http://h/"},
        {"name": "a", "kind": "horn"},
        {"name": "a", "kind": "http", "url": "ftp://h/"},
        {"name": "a", "kind": "http", "url": "http://u:p@h/"},
        {"name": "a", "kind": "http", "url": "http://h/", "uri": "sip:1@h"},
        {"name": "a", "kind": "http", "url": "http://h/", "user": "u"},
        {"name": "a", "kind": "http", "url": "http://h/", "user": "u", "password_file": "not-there"},
        {"name": "a", "kind": "sip", "uri": "8001@h"},
        {"name": "a", "kind": "sip", "uri": "sip:1@h\r\nX: y"},
        {"name": "a", "kind": "sip", "uri": "sip:1@h:99999"},
        {"name": "a", "kind": "http", "url": "http://h:99999/"},
        {"name": "a", "kind": "http", "url": "http://h/", "check_url": "http://h:horn/"},
        {"name": "a", "kind": "command", "command": []},
        {"name": "a", "kind": "command", "command": ["aplay"]},
        {"name": "a", "kind": "command", "command": ["aplay", "{file}"], "timeout_s": 0},
    ],
)
def test_a_loudspeaker_that_is_written_wrongly_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_speaker(wrong, tmp_path)


@pytest.mark.parametrize("wrong", [{"night": "22:00"}, {"night": ["22:00", "24:00"]}, {"repeats": 0}, {"loud": True}])
def test_a_sound_that_is_written_wrongly_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sound"):
        read_sound(wrong, tmp_path)


def test_a_loudspeaker_that_is_written_wrongly_silences_no_other(tmp_path: Path) -> None:
    good: dict[str, object] = {"name": "a", "kind": "command", "command": ["aplay", "{file}"]}
    file = SettingsFile(
        {"speaker": [good, good, {"name": "b", "kind": "horn"}, good | {"name": "c", "grups": ["03"]}]}, tmp_path
    )
    assert [speaker.name for speaker in read_speakers(file)] == ["a", "c"]
    assert [(flaw.lost, flaw.en) for flaw in file.flaws] == [
        (True, "[[speaker]] a: two loudspeakers are called a; this part is left out"),
        (True, "[[speaker]] b: speaker b: `kind` is one of http, sip, command; this part is left out"),
        (False, "[[speaker]] c has no `grups` (did you mean `groups`?): it is ignored"),
    ]
    one_bracket = SettingsFile({"speaker": good}, tmp_path)
    assert read_speakers(one_bracket) == ()
    assert "two brackets" in one_bracket.flaws[0].en


def test_a_box_has_what_its_file_has(tmp_path: Path) -> None:
    nothing = read_loud(SettingsFile({"id": "gwliu1"}, tmp_path))
    assert loud_outputs(nothing, at(DAY)) == ()
    fields = {
        "siren": {"line": 17},
        "sound": {"night": ["21:00", "05:00"], "deadline_s": 120},
        "speaker": [{"name": "a", "kind": "command", "command": ["true", "{file}"]}],
    }
    siren, speakers = loud_outputs(read_loud(SettingsFile(fields, tmp_path)), at(DAY))
    assert (siren.channel, speakers.channel, speakers.deadline_s) == ("siren", "speaker", 120.0)
    wrong = SettingsFile(fields | {"siren": {"line": 17, "active_lo": True}}, tmp_path)
    found = read_loud(wrong)
    assert (found.siren, len(found.speakers)) == (None, 1)  # the relay might be closed whenever nobody calls
    assert "no `active_lo`" in wrong.flaws[0].en
