"""A message is kept, sent, proven and answered, on a real database; its provider is a server on this machine."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from heartlamp_server.database.pool import NotReady
from heartlamp_server.notification import model, outcome, store
from heartlamp_server.notification.channels.aliyun import Account
from heartlamp_server.notification.channels.aliyun_sms import AliyunSms
from heartlamp_server.notification.channels.aliyun_voice import AliyunVoice
from heartlamp_server.notification.channels.channel import Channel, Message, Report, Sent
from heartlamp_server.notification.channels.webhook import Endpoint, Webhook
from heartlamp_server.notification.handover import take
from heartlamp_server.notification.model import NotTold, Way
from heartlamp_server.notification.rate import Limit

from tests.server.notification import providers
from tests.server.notification.outbox import INCIDENT, Outbox, later, opened, wanted
from tests.server.notification.providers import KEY, SECRET, Provider

HEAD, GRID = "+8613800000001", "+8613800000002"
KEY_TEXT = f"{INCIDENT}/3/1/grid1/voice/0"
KINDS = ("alarm", "drill", "silent", "many", "drills", "offline", "test", "thanks")
TEMPLATES = {f"{kind}.zh": f"T_{kind}" for kind in KINDS}
Story = Callable[[Outbox], Coroutine[Any, Any, None]]


def voice(to: Provider) -> AliyunVoice:
    return AliyunVoice(Account(KEY, SECRET, to.endpoint, "http"), TEMPLATES, "0571", 2)


def sms(to: Provider) -> AliyunSms:
    return AliyunSms(Account(KEY, SECRET, to.endpoint, "http"), "心灯", TEMPLATES)


def play(conninfo: str, story: Story, limits: dict[str, Limit] | None = None, **channels: Channel) -> None:
    async def work() -> None:
        async with opened(conninfo, channels, limits) as outbox:
            await story(outbox)

    asyncio.run(work())


def test_a_call_is_made_rings_and_is_answered_by_a_key(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("sent", lambda: "sent" in outbox.states())
                record = (
                    b'[{"call_id":"call1^1","ring_time":"2026-07-01 10:00:00","start_time":"2026-07-01 10:00:07",'
                    b'"end_time":"2026-07-01 10:00:20","status_code":"200000","dtmf":"1"}]'
                )
                heard, _ = outbox.channels["voice"].read(record, {})
                for one in heard * 2:  # a provider that has no answer says it again
                    async with outbox.database.connection() as conn, conn.transaction():
                        await take(conn, outbox.channels["voice"].provider, ["voice"], one, await store.now(conn))
                await outbox.until("an answer", lambda: bool(outbox.answered))
                await outbox.until("all", lambda: "answered" in outbox.states())
            assert outbox.states() == ["queued", "sent", "rang", "answered"]
            [answered] = outbox.answered
            assert (answered.key, answered.target, answered.said) == (KEY_TEXT, "grid1", "coming")
            assert "call1^1" in answered.proof
            assert {said.key for said in outbox.said} == {KEY_TEXT}
            assert all(said.detail["to"] == "…0001" for said in outbox.said)  # a timeline shows no number

        play(conninfo, story, voice=voice(provider))
        assert len(provider.got) == 1


def test_a_voicemail_is_no_answer(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("sent", lambda: "sent" in outbox.states())
                for report in (
                    Report("call1^1", "answered", None, {}, ""),
                    Report("call1^1", "answered", None, {}, "9"),
                ):
                    async with outbox.database.connection() as conn, conn.transaction():
                        await take(conn, outbox.channels["voice"].provider, ["voice"], report, await store.now(conn))
                await outbox.until("taken up", lambda: "answered" in outbox.states())
            assert outbox.answered == []
            assert await outbox.sql("SELECT 1 FROM notification_said WHERE what = 'answered'") == []

        play(conninfo, story, voice=voice(provider))


def test_asked_for_twice_is_told_once(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            assert len(await outbox.ask(Way("voice", HEAD))) == 1
            assert await outbox.ask(Way("voice", HEAD)) == []
            assert len(await outbox.ask(Way("voice", HEAD), time=1)) == 1  # the step calls again
            async with outbox.working():
                await outbox.until("both sent", lambda: outbox.states().count("sent") == 2)

        play(conninfo, story, voice=voice(provider))
        assert len(provider.got) == 2


def test_a_report_that_is_faster_than_our_own_answer_is_kept(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            report = Report("call1^1", "answered", None, {}, "2")
            async with outbox.database.connection() as conn, conn.transaction():
                await take(conn, outbox.channels["voice"].provider, ["voice"], report, await store.now(conn))
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("an answer", lambda: bool(outbox.answered))
            assert outbox.answered[0].said == "cannot"

        play(conninfo, story, voice=voice(provider))


# --- the next way ----------------------------------------------------------------------------------------------------


def test_a_number_that_is_none_gives_way_to_the_message_at_once(conninfo: str) -> None:
    with (
        providers.aliyun(["isv.MOBILE_NUMBER_ILLEGAL"]).listening() as calls,
        providers.aliyun().listening() as messages,
    ):

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1))
                await outbox.until("the message", lambda: "sent" in outbox.states("sms"))
            assert outbox.states("voice") == ["queued", "failed"]
            assert "no telephone number" in outbox.said[1].detail["why"]

        play(conninfo, story, voice=voice(calls), sms=sms(messages))


def test_a_provider_that_hangs_holds_up_neither_the_person_nor_another_channel(conninfo: str) -> None:
    hung = providers.aliyun()
    hung.hangs = True
    with hung.listening(), providers.aliyun().listening() as messages:
        calls = voice(hung)
        calls.deadline_s = 0.5

        async def story(outbox: Outbox) -> None:
            loop = asyncio.get_running_loop()
            async with outbox.working():
                began = loop.time()
                for n in range(20):  # more than it has places
                    await outbox.ask(Way("voice", f"+86138000001{n:02}", 0), target=f"t{n}")
                await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1), target="grid1")
                await outbox.ask(Way("sms", GRID, 0), target="grid2", village=6)
                await outbox.until("both messages", lambda: outbox.states("sms").count("sent") == 2)
                assert loop.time() - began < 15
            failed = next(s for s in outbox.said if s.state == "failed")
            assert failed.detail["why"] == "no answer within 0.5 s"
            assert failed.detail["again"] == "1"  # it goes on trying

        play(conninfo, story, voice=calls, sms=sms(messages))


def test_where_no_worker_ends_the_call_the_next_way_is_due_within_fifteen_seconds(conninfo: str) -> None:
    """The worker that took the call was killed: nothing but time says so."""
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1))
            async with outbox.database.connection() as conn:
                now = await store.now(conn)
                async with conn.transaction():
                    [[call]] = await store.claim(conn, "voice", outbox.channels["voice"].trait, Limit(), 9, now)
                assert await store.due_channels(conn, now + timedelta(seconds=11)) == []
                assert await store.due_channels(conn, now + timedelta(seconds=14)) == ["sms"]
                # and the call itself is another worker's once the lease is over
                both = await store.due_channels(conn, now + model.LEASE + timedelta(seconds=1))
                assert sorted(both) == ["sms", "voice"]
                assert call.attempts == 0

        play(conninfo, story, voice=voice(provider), sms=sms(provider))


def test_a_call_that_proves_nothing_is_followed_by_the_message_and_one_that_rang_is_not(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1))
                await outbox.until("sent", lambda: "sent" in outbox.states("voice"))
                due = "SELECT due_at - state_at FROM notification WHERE channel = 'sms'"
                assert await outbox.sql(due + " AND due_at > clock_timestamp() + interval '40 s'")
                async with outbox.database.connection() as conn, conn.transaction():
                    report = Report("call1^1", "rang", None)
                    await take(conn, outbox.channels["voice"].provider, ["voice"], report, await store.now(conn))
                assert await outbox.sql(due) == [(None,)]
                async with outbox.database.connection() as conn, conn.transaction():
                    busy = Report("call1^1", "failed", None, {"why": "rang, and was not taken up"})
                    await take(conn, outbox.channels["voice"].provider, ["voice"], busy, await store.now(conn))
                await outbox.until("the message", lambda: "sent" in outbox.states("sms"))

        play(conninfo, story, voice=voice(provider), sms=sms(provider))


def test_no_money_is_told_to_the_administrator_once_and_the_person_is_reached_elsewhere(conninfo: str) -> None:
    with (
        providers.aliyun(["isv.AMOUNT_NOT_ENOUGH"] * 9).listening() as calls,
        providers.aliyun().listening() as messages,
    ):

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                for target in ("grid1", "head3"):
                    await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1), target=target, village=None)
                await outbox.until("both messages", lambda: outbox.states("sms").count("sent") == 2)
            assert outbox.troubles == [("voice", "the account has no money left (isv.AMOUNT_NOT_ENOUGH)")]
            assert await outbox.sql("SELECT fault <> '' FROM notification_channel WHERE name = 'voice'") == [(True,)]

        play(conninfo, story, voice=voice(calls), sms=sms(messages))


def test_throttling_is_tried_again_until_it_goes(conninfo: str) -> None:
    with providers.aliyun(["Throttling.User"]).listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("the failure", lambda: "failed" in outbox.states())
                await outbox.sql("UPDATE notification SET due_at = clock_timestamp()")  # the 5 s are over
                await outbox.until("sent", lambda: "sent" in outbox.states())
            assert outbox.states() == ["queued", "failed", "sent"]

        play(conninfo, story, voice=voice(provider))


def test_a_channel_that_is_not_set_up_fails_and_says_so(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("fax", "1"))
                await outbox.until("the failure", lambda: "failed" in outbox.states())
            assert outbox.said[1].detail["why"] == "server.toml has no [notification.fax]"

        play(conninfo, story, voice=voice(provider))


# --- many ------------------------------------------------------------------------------------------------------------


def test_a_flood_is_many_calls_and_one_text(conninfo: str) -> None:
    with providers.aliyun().listening() as calls, providers.aliyun().listening() as messages:

        async def story(outbox: Outbox) -> None:
            for n in range(12):
                fields = {"village": "柳树村", "place": f"三组 {n}号", "what": "flood"}
                for way in (Way("voice", HEAD), Way("sms", HEAD)):
                    await outbox.ask(way, incident=f"keya1-{n:016}", fields=fields, target=f"grid1{way.channel}")
            async with outbox.working():
                await outbox.until("all", lambda: outbox.states().count("sent") == 24)
            assert {s.detail.get("count", "1") for s in outbox.said if s.state == "sent"} == {"1", "12"}

        play(conninfo, story, voice=voice(calls), sms=sms(messages))
        assert len(calls.got) == 12
        [text] = messages.got
        assert (text.query["TemplateCode"], '"count": "12"' in text.query["TemplateParam"]) == ("T_many", True)


def test_what_follows_the_first_text_waits_for_the_minute_and_is_one(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            channel = outbox.channels["sms"]
            async with outbox.working():
                await outbox.ask(Way("sms", HEAD), incident="first")
                await outbox.until("the first", lambda: "sent" in outbox.states())
            for n in range(3):
                await outbox.ask(Way("sms", HEAD), incident=f"more{n}")
            async with outbox.database.connection() as conn:
                now = await store.now(conn)
                async with conn.transaction():
                    assert await store.claim(conn, "sms", channel.trait, Limit(), 9, now) == []
                assert await store.due_channels(conn, now) == []
                after = await later(outbox, 61)
                async with conn.transaction():
                    [batch] = await store.claim(conn, "sms", channel.trait, Limit(), 9, after)
            assert [row.incident for row in batch] == ["more0", "more1", "more2"]

        play(conninfo, story, sms=sms(provider))


def test_a_channel_sends_no_more_than_its_provider_allows(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            for n in range(9):
                await outbox.ask(Way("voice", HEAD), target=f"t{n}", urgent=n == 8)
            trait, limit = outbox.channels["voice"].trait, Limit(per_minute=60, burst=4)
            async with outbox.database.connection() as conn:
                now, went = await store.now(conn), []
                for second in (0, 0, 2):
                    async with conn.transaction():
                        at = now + timedelta(seconds=second)
                        went.append(await store.claim(conn, "voice", trait, limit, 99, at))
            assert [len(batches) for batches in went] == [4, 0, 2]
            assert went[0][0][0].target == "t8"  # what is urgent goes first

        play(conninfo, story, voice=voice(provider))


def test_two_workers_never_take_the_same_row(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            for n in range(40):
                await outbox.ask(Way("voice", HEAD), target=f"t{n}")
            async with outbox.working(workers=3):
                await outbox.until("all", lambda: outbox.states().count("sent") == 40)

        play(conninfo, story, voice=voice(provider))
        assert len(provider.got) == 40
        assert len({request.query["OutId"] for request in provider.got}) == 40


# --- too late, not wanted, not for everybody -------------------------------------------------------------------------


def test_what_is_too_late_is_not_sent(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.database.connection() as conn:
                now = await store.now(conn)
            await outbox.ask(Way("voice", HEAD, 0), Way("sms", HEAD, 1), not_after=now)
            async with outbox.working():
                await outbox.until("its end", lambda: "expired" in outbox.states())
            assert outbox.states() == ["queued", "expired"]  # the way that only waited goes without a word

        play(conninfo, story, voice=voice(provider), sms=sms(provider))
        assert provider.got == []


def test_a_step_that_is_over_is_withdrawn(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            await outbox.ask(Way("voice", HEAD), step=1)
            await outbox.ask(Way("voice", GRID), step=2)
            async with outbox.database.connection() as conn, conn.transaction():
                assert await store.withdraw(conn, INCIDENT, [1], "somebody is coming", await store.now(conn)) == 1
            async with outbox.working():
                await outbox.until("sent", lambda: "sent" in outbox.states())
            assert outbox.states() == ["queued", "queued", "expired", "sent"]

        play(conninfo, story, voice=voice(provider))
        assert [request.query["CalledNumber"] for request in provider.got] == ["13800000002"]


def test_of_a_silent_alarm_nobody_else_is_told(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            with pytest.raises(NotTold):
                await outbox.ask(Way("voice", HEAD), kind="silent")
            assert await outbox.sql("SELECT 1 FROM notification") == []
            await outbox.ask(Way("voice", HEAD), kind="silent", silent_for="police")
            async with outbox.working():
                await outbox.until("sent", lambda: "sent" in outbox.states())

        play(conninfo, story, voice=voice(provider))
        assert provider.got[0].query["StartCode"] == "T_silent"


def test_a_drill_is_told_as_one(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            await outbox.ask(Way("voice", HEAD), drill=True)
            async with outbox.working():
                await outbox.until("sent", lambda: "sent" in outbox.states())

        play(conninfo, story, voice=voice(provider))
        assert provider.got[0].query["StartCode"] == "T_drill"


# --- answers ---------------------------------------------------------------------------------------------------------


def test_a_reply_answers_the_newest_message_to_its_number(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("sms", HEAD), incident="older", village=1)
                await outbox.until("the first", lambda: outbox.states().count("sent") == 1)
                await outbox.ask(Way("sms", HEAD), incident="newer", village=2)
                await outbox.until("the second", lambda: outbox.states().count("sent") == 2)
                up = b'[{"phone_number":"%s","send_time":"2026-07-01 10:00:00","content":"%s"}]'
                for number, text in ((b"13800000001", b"1"), (b"13900000009", b"2")):
                    [heard], _ = outbox.channels["sms"].read(up % (number, text), {})
                    async with outbox.database.connection() as conn, conn.transaction():
                        now = await store.now(conn)
                        at = await outcome.replied(conn, ["sms"], number.decode(), text.decode(), now)
                        assert (at is None) == (number == b"13900000009")
                    assert heard.at is not None
                await outbox.until("an answer", lambda: bool(outbox.answered))
            assert [(a.key.partition("/")[0], a.said) for a in outbox.answered] == [("newer", "coming")]

        play(conninfo, story, sms=sms(provider))


def test_a_reply_to_a_text_that_counts_many_answers_none_of_them(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            for n in range(3):
                await outbox.ask(Way("sms", HEAD), incident=f"i{n}")
            async with outbox.working():
                await outbox.until("all", lambda: outbox.states().count("sent") == 3)
                async with outbox.database.connection() as conn, conn.transaction():
                    await outcome.replied(conn, ["sms"], HEAD, "1", await store.now(conn))
                await outbox.until("taken note of", lambda: "answered" in outbox.states())
            assert outbox.answered == []

        play(conninfo, story, sms=sms(provider))


def test_who_changes_their_mind_is_heard_each_time(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            [id] = await outbox.ask(Way("sms", HEAD))
            async with outbox.working():
                await outbox.until("sent", lambda: "sent" in outbox.states())
                for said in ("coming", "coming", "cannot", "coming"):
                    async with outbox.database.connection() as conn, conn.transaction():
                        await outcome.answer(conn, id, said, "link", await store.now(conn))
                await outbox.until("all", lambda: len(outbox.answered) == 3)
            assert [a.said for a in outbox.answered] == ["coming", "cannot", "coming"]

        play(conninfo, story, sms=sms(provider))


def test_a_test_that_is_answered_proves_the_number_and_is_no_incidents(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            [id] = await outbox.ask(Way("voice", HEAD), kind="test", incident="test", fields={})
            async with outbox.working():
                while (await outbox.sql("SELECT state FROM notification"))[0][0] != "sent":
                    await asyncio.wait_for(asyncio.to_thread(provider.came.wait, 10), 11)
                async with outbox.database.connection() as conn, conn.transaction():
                    await outcome.answer(conn, id, "coming", "1", await store.now(conn))
                await outbox.until("proven", lambda: bool(outbox.proven))
            assert (outbox.proven, outbox.answered, outbox.said) == ([("voice", HEAD)], [], [])

        play(conninfo, story, voice=voice(provider))


def test_what_the_county_cannot_take_now_is_handed_over_later(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            outbox.breaks = 1
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("sent", lambda: "sent" in outbox.states())
                await outbox.sql("UPDATE notification_said SET due_at = clock_timestamp()")  # the 10 s are over
                await outbox.until("the word that it had refused", lambda: "queued" in outbox.states())

        play(conninfo, story, voice=voice(provider))


def test_a_provider_that_reports_nothing_is_asked(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("sms", HEAD))
                await outbox.until("sent", lambda: "sent" in outbox.states())
                handover = outbox.handover()
                assert await handover.ask(outbox.channels["sms"], 3600.0) == 0  # not so soon
                assert await handover.ask(outbox.channels["sms"], 0.0) == 1
                await outbox.until("delivered", lambda: "delivered" in outbox.states())
                assert await handover.ask(outbox.channels["sms"], 0.0) == 0  # it has said all

        play(conninfo, story, sms=sms(provider))


def test_a_webhook_is_delivered_with_its_answer(conninfo: str) -> None:
    with Provider(lambda request: (200, {})).listening() as there:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("hook", "county"))
                await outbox.until("delivered", lambda: "delivered" in outbox.states())
            assert outbox.states() == ["queued", "sent", "delivered"]

        endpoint = Endpoint(there.url, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        play(conninfo, story, hook=Webhook({"county": endpoint}))


def test_a_worker_outlives_whatever_a_channel_does(conninfo: str) -> None:
    class Broken(Webhook):
        def _send(self, message: Message) -> Any:
            raise RuntimeError("of a bug")

    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("hook", "a"), Way("sms", HEAD, 1), urgent=False)
                await outbox.until("the next way", lambda: "sent" in outbox.states("sms"))
            assert "RuntimeError: of a bug" in outbox.said[1].detail["why"]

        play(conninfo, story, hook=Broken({}), sms=sms(provider))


def test_nothing_rings_at_a_person_for_ever(conninfo: str) -> None:
    """Neither a provider that never takes it, nor one whose answer cannot be written."""

    class Odd(Webhook):
        def _send(self, message: Message) -> Sent:
            return Sent("a\x00b")

    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            await outbox.ask(Way("voice", HEAD))
            await outbox.sql("UPDATE notification SET attempts = %s", model.ATTEMPTS_MOST)
            await outbox.ask(Way("hook", "a"), target="odd")
            async with outbox.working():
                await outbox.until("both ends", lambda: {"sent", "failed"} <= set(outbox.states()))
            assert outbox.said[-1].state in ("sent", "failed")
            assert await outbox.sql("SELECT provider_id FROM notification_attempt") == [("ab",)]

        play(conninfo, story, voice=voice(provider), hook=Odd({}))
        assert provider.got == []


def test_what_was_sent_while_the_database_went_away_is_written_when_it_is_back(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            worker = outbox.worker()
            write, away = worker._write, [True, True]

            async def at_first_not(*words: Any) -> None:
                if away:
                    away.pop()
                    raise NotReady("the store is away")
                await write(*words)

            worker._write = at_first_not  # type: ignore[method-assign, assignment]
            await outbox.ask(Way("voice", HEAD))
            task = asyncio.create_task(worker.run())
            async with outbox.working(workers=0):
                await outbox.until("sent", lambda: "sent" in outbox.states())
            task.cancel()

        play(conninfo, story, voice=voice(provider))
        assert len(provider.got) == 1


def test_addresses_are_not_kept_for_ever(conninfo: str) -> None:
    with providers.aliyun().listening() as provider:

        async def story(outbox: Outbox) -> None:
            async with outbox.working():
                await outbox.ask(Way("voice", HEAD))
                await outbox.until("sent", lambda: "sent" in outbox.states())
            await outbox.ask(Way("voice", GRID))
            await outbox.sql("UPDATE notification SET state_at = state_at - interval '91 days'")
            await outbox.handover().tidy()
            assert await outbox.sql("SELECT address FROM notification") == [(GRID,)]  # what waits is kept

        play(conninfo, story, voice=voice(provider))


def test_what_is_asked_for_is_checked_before_it_is_kept() -> None:
    assert wanted(Way("sms", HEAD)).village == 5
    with pytest.raises(NotTold, match="there is no way to grid1"):
        model.ways(wanted(), {})
