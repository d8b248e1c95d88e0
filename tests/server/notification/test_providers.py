"""Every channel against a server that speaks its provider's HTTP and checks what a provider checks."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from heartlamp_server.database.pool import Database
from heartlamp_server.notification.channels.aliyun import Account as Aliyun
from heartlamp_server.notification.channels.aliyun_sms import AliyunSms
from heartlamp_server.notification.channels.aliyun_voice import AliyunVoice
from heartlamp_server.notification.channels.channel import Channel, Failed, Message, Reply, Report, Unreadable
from heartlamp_server.notification.channels.chat import Chat
from heartlamp_server.notification.channels.tencent import Account as Tencent
from heartlamp_server.notification.channels.tencent import TencentSms, TencentVoice
from heartlamp_server.notification.channels.webhook import Endpoint, Webhook, signed
from heartlamp_server.notification.settings import open_channels
from standardwebhooks.webhooks import Webhook as Verifier

from tests.server.notification import providers
from tests.server.notification.providers import KEY, SECRET, Provider

MESSAGE = Message(
    "8812", "keya1-01/3/1/grid1/voice/0", "+8613800000001", "zh", "alarm",
    {"village": "柳树村", "place": "三组 7号", "what": "求救"},
    "报警：柳树村 三组 7号 求救", "", "报警", "柳树村 三组 7号：求救。", incident="keya1-01", what="panic",
)  # fmt: skip
TEMPLATES = {"alarm.zh": "TTS_100", "alarm.en": "TTS_101", "thanks.zh": "TTS_109"}
AT = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
CHINA_TEN = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)


def aliyun_voice(to: Provider, shown: str = "057100000000", secret: str = SECRET) -> AliyunVoice:
    return AliyunVoice(Aliyun(KEY, secret, to.endpoint, "http"), TEMPLATES, shown, 2)


def aliyun_sms(to: Provider) -> AliyunSms:
    return AliyunSms(Aliyun(KEY, SECRET, to.endpoint, "http"), "心灯", TEMPLATES)


def tencent_voice(to: Provider) -> TencentVoice:
    return TencentVoice(Tencent(KEY, SECRET, "1400006666", "ap-beijing", to.endpoint, "http"), TEMPLATES, 2)


def tencent_sms(to: Provider) -> TencentSms:
    return TencentSms(Tencent(KEY, SECRET, "1400006666", "ap-beijing", to.endpoint, "http"), "心灯", TEMPLATES)


def send(channel: Channel, message: Message = MESSAGE) -> str:
    return asyncio.run(channel.send(message)).provider_id


def failure(channel: Channel, message: Message = MESSAGE) -> Failed:
    with pytest.raises(Failed) as failed:
        send(channel, message)
    return failed.value


# --- Alibaba Cloud ---------------------------------------------------------------------------------------------------


def test_aliyun_calls_and_asks_for_a_key() -> None:
    with providers.aliyun().listening() as provider:
        assert send(aliyun_voice(provider)) == "call1^1"
        [asked] = provider.got
    assert (asked.headers["x-acs-action"], asked.headers["x-acs-version"]) == ("IvrCall", "2017-05-25")
    assert asked.query["CalledNumber"] == "13800000001"
    assert (asked.query["StartCode"], asked.query["OutId"]) == ("TTS_100", "8812")
    assert json.loads(asked.query["StartTtsParams"]) == {"village": "柳树村", "place": "三组 7号", "what": "求救"}
    assert [asked.query[f"MenuKeyMap.{n}.Key"] for n in (1, 2)] == ["1", "2"]
    assert asked.query["MenuKeyMap.1.Code"] == "TTS_109"


def test_aliyun_without_a_number_of_our_own_speaks_and_cannot_ask() -> None:
    with providers.aliyun().listening() as provider:
        send(aliyun_voice(provider, shown=""))
        assert provider.got[0].headers["x-acs-action"] == "SingleCallByTts"
        assert provider.got[0].query["TtsCode"] == "TTS_100"


def test_aliyun_writes_a_message() -> None:
    with providers.aliyun().listening() as provider:
        assert send(aliyun_sms(provider)) == "biz1^0"
        [asked] = provider.got
    assert (asked.headers["x-acs-action"], asked.query["SignName"]) == ("SendSms", "心灯")
    assert (asked.query["PhoneNumbers"], asked.query["TemplateCode"]) == ("13800000001", "TTS_100")


def test_a_server_that_checks_the_signature_refuses_another_secret() -> None:
    with providers.aliyun().listening() as provider:
        wrong = failure(aliyun_voice(provider, secret="another"))
    assert (wrong.what, "secret is wrong" in wrong.why) == ("administrator", True)
    with providers.tencent().listening() as provider:
        account = Tencent(KEY, "another", "1400006666", "ap-beijing", provider.endpoint, "http")
        wrong = failure(TencentVoice(account, TEMPLATES, 2))
    assert (wrong.what, wrong.why) == ("administrator", "the secret id or key is wrong (AuthFailure.SignatureFailure)")


@pytest.mark.parametrize(
    ("code", "what", "words"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "again", "too many to this number"),
        ("Throttling.User", "again", "too many at once"),
        ("ServiceUnavailable", "again", "the provider has a fault"),
        ("isp.SYSTEM_ERROR", "again", "the provider has a fault"),
        ("isv.MOBILE_NUMBER_ILLEGAL", "elsewhere", "no telephone number"),
        ("isv.AMOUNT_NOT_ENOUGH", "administrator", "no money left"),
        ("isv.OUT_OF_SERVICE", "administrator", "no money left"),
        ("isv.TTS_TEMPLATE_ILLEGAL", "administrator", "not approved"),
        ("isv.SOMETHING_NEW", "again", "isv.SOMETHING_NEW"),
    ],
)
@pytest.mark.parametrize("make", [aliyun_voice, aliyun_sms])
def test_what_aliyun_refuses_is_done_again_elsewhere_or_by_an_administrator(
    make: Callable[[Provider], Channel], code: str, what: str, words: str
) -> None:
    with providers.aliyun([code]).listening() as provider:
        channel = make(provider)
        failed = failure(channel)
        assert len(provider.got) == 1  # whether it is tried again is the outbox's to say
        assert (failed.what, words in failed.why, code in failed.why) == (what, True, True)
        assert send(channel)  # and the next one goes


def test_aliyuns_word_on_a_call() -> None:
    channel = AliyunVoice(Aliyun(KEY, SECRET, "", "http"), TEMPLATES, "0571", 2)
    record = {
        "call_id": "100001616500^100001871490", "originate_time": "2026-07-01 09:59:55",
        "ring_time": "2026-07-01 10:00:00",
        "start_time": "2026-07-01 10:00:07", "end_time": "2026-07-01 10:00:20", "caller": "0571", "callee": "138",
        "duration": "13", "status_code": "200000", "hangup_direction": "用户", "status_msg": "执行完成",
        "out_id": "8812", "dtmf": "1", "voice_type": "voice",
    }  # fmt: skip
    heard, back = channel.read(json.dumps([record]).encode(), {})
    assert json.loads(back)["code"] == 0
    rang, answered = (one for one in heard if isinstance(one, Report))
    assert (rang.state, rang.at, rang.digit) == ("rang", CHINA_TEN, "")
    assert (answered.state, answered.digit, answered.provider_id) == ("answered", "1", "100001616500^100001871490")
    voicemail, _ = channel.read(json.dumps([record | {"dtmf": "", "status_code": "200008"}]).encode(), {})
    assert [(one.state, one.digit) for one in voicemail if isinstance(one, Report)] == [("rang", ""), ("answered", "")]
    nobody, _ = channel.read(
        json.dumps([record | {"dtmf": "", "start_time": "", "status_code": "200003"}]).encode(), {}
    )
    assert [one.state for one in nobody if isinstance(one, Report)] == ["rang", "failed"]
    off, _ = channel.read(
        json.dumps([record | {"dtmf": "", "start_time": "", "ring_time": "", "status_code": "200010"}]).encode(), {}
    )
    assert [(one.state, one.detail["why"]) for one in off if isinstance(one, Report)] == [
        ("failed", "switched off (200010)")
    ]
    during, _ = channel.read(
        b'[{"status_code":"300000","smart_status_code":"ANSWERED","dtmf":"2","status_time":"2026-07-01 10:00:09",'
        b'"out_id":"8812","call_id":"1^2"}]',
        {},
    )
    assert [(one.state, one.digit) for one in during if isinstance(one, Report)] == [("answered", "2")]
    for bad in (b"", b"[1]", b"{", b'"x"'):
        with pytest.raises(Unreadable):
            channel.read(bad, {})


def test_aliyuns_word_on_a_message_and_a_reply() -> None:
    channel = AliyunSms(Aliyun(KEY, SECRET, "", "http"), "心灯", TEMPLATES)
    report = {
        "phone_number": "13800000001", "send_time": "2026-07-01 10:00:00", "report_time": "2026-07-01 10:00:00",
        "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功",
        "sms_size": "1", "biz_id": "b1", "out_id": "8812",
    }  # fmt: skip
    failed = report | {"success": False, "err_code": "MK:0001", "err_msg": "空号", "biz_id": "b2"}
    heard, _ = channel.read(json.dumps([report, failed]).encode(), {})
    assert [(r.provider_id, r.state) for r in heard if isinstance(r, Report)] == [("b1", "delivered"), ("b2", "failed")]
    up = {"phone_number": "13800000001", "send_time": "2026-07-01 10:00:00", "content": "1", "sign_name": "心灯"}
    assert channel.read(json.dumps([up]).encode(), {})[0] == [Reply("13800000001", "1", CHINA_TEN)]


def test_aliyun_is_asked_where_no_report_can_come_in() -> None:
    with providers.aliyun().listening() as provider:
        asked = [("call7^1", "+8613800000001", AT)]
        states = [r.state for r in asyncio.run(aliyun_voice(provider).poll(asked)) if isinstance(r, Report)]
        assert states == ["rang", "failed"]
        assert provider.got[0].query["ProdId"] == "11000000300005"
        found = asyncio.run(aliyun_sms(provider).poll([("biz7", "+8613800000001", AT)]))
        assert [(r.provider_id, r.state) for r in found if isinstance(r, Report)] == [("biz7", "delivered")]
        assert provider.got[1].query["SendDate"] == "20260701"


# --- Tencent Cloud ---------------------------------------------------------------------------------------------------


def test_tencent_calls() -> None:
    with providers.tencent().listening() as provider:
        assert send(tencent_voice(provider)) == "tc1"
        [asked] = provider.got
    assert (asked.headers["x-tc-action"], asked.headers["x-tc-version"]) == ("SendTtsVoice", "2020-09-02")
    assert asked.json() == {
        "TemplateId": "TTS_100", "CalledNumber": "+8613800000001", "VoiceSdkAppid": "1400006666", "PlayTimes": 2,
        "TemplateParamSet": ["柳树村", "三组 7号", "求救"], "SessionContext": "8812",
    }  # fmt: skip


def test_tencent_writes_a_message_and_is_asked_about_it() -> None:
    with providers.tencent().listening() as provider:
        channel = tencent_sms(provider)
        assert send(channel) == "5000:1"
        assert provider.got[0].json()["PhoneNumberSet"] == ["+8613800000001"]
        asked = [("5000:1", "+8613800000001", AT), ("5000:9", "+8613800000001", AT)]
        found = asyncio.run(channel.poll(asked))
        assert [(r.provider_id, r.state) for r in found if isinstance(r, Report)] == [("5000:1", "delivered")]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("RequestLimitExceeded", "again"),
        ("LimitExceeded.DeliveryFrequencyLimit", "again"),
        ("InternalError.UpstreamError", "again"),
        ("InvalidParameterValue.CalledNumberVerifyFail", "elsewhere"),
        ("FailedOperation.InsufficientBalanceInVoicePackage", "administrator"),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", "administrator"),
        ("FailedOperation.TemplateIncorrectOrUnapproved", "administrator"),
        ("Something.New", "again"),
    ],
)
def test_what_tencent_refuses_of_calls(code: str, what: str) -> None:
    with providers.tencent([code]).listening() as provider:
        failed = failure(tencent_voice(provider))
        assert (failed.what, code in failed.why, len(provider.got)) == (what, True, 1)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("Sms:LimitExceeded.PhoneNumberThirtySecondLimit", "again"),
        ("Sms:FailedOperation.PhoneNumberInBlacklist", "elsewhere"),
        ("Sms:FailedOperation.InsufficientBalanceInSmsPackage", "administrator"),
        ("Sms:InvalidParameterValue.IncorrectPhoneNumber", "elsewhere"),
    ],
)
def test_what_tencent_refuses_of_messages_stands_in_the_status(code: str, what: str) -> None:
    with providers.tencent([code]).listening() as provider:
        assert failure(tencent_sms(provider)).what == what


def test_tencents_word_on_a_call_and_a_message() -> None:
    voice = TencentVoice(Tencent(KEY, SECRET, "1"), TEMPLATES, 2)

    def heard(channel: Channel, said: object) -> list[tuple[str, str]]:
        found, back = channel.read(json.dumps(said).encode(), {})
        assert json.loads(back) == {"result": 0, "errmsg": "OK"}
        return [(one.state, one.digit) for one in found if isinstance(one, Report)]

    prompt = {
        "result": "0", "accept_time": "1782871200", "call_from": "", "callid": "tc1", "end_calltime": "1782871210",
        "fee": "1", "mobile": "13800000001", "nationcode": "86", "start_calltime": "1782871196",
    }  # fmt: skip
    assert heard(voice, {"voiceprompt_callback": prompt}) == [("answered", "")]
    assert heard(voice, {"voiceprompt_callback": prompt | {"result": "1"}}) == [("failed", "")]
    key = {"call_from": "", "callid": "tc1", "keypress": "2", "mobile": "13800000001", "nationcode": "86"}
    assert heard(voice, {"voicekey_callback": key}) == [("answered", "2")]
    failure = {"callid": "tc1", "failure_code": 8, "failure_reason": "空号", "mobile": "1", "nationcode": "86"}
    assert heard(voice, {"voice_failure_callback": failure}) == [("failed", "")]
    sms = TencentSms(Tencent(KEY, SECRET, "1"), "心灯", TEMPLATES)
    report = {
        "user_receive_time": "2026-07-01 10:00:00", "nationcode": "86", "mobile": "13800000001",
        "report_status": "SUCCESS", "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "5000:1",
    }  # fmt: skip
    assert heard(sms, [report, report | {"report_status": "FAIL"}]) == [("delivered", ""), ("failed", "")]
    up = {"extend": "", "mobile": "13800000001", "nationcode": "86", "sign": "心灯", "text": "1", "time": 1782871200}
    assert sms.read(json.dumps(up).encode(), {})[0] == [Reply("+8613800000001", "1", CHINA_TEN)]


# --- hanging, and gone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [aliyun_voice, aliyun_sms, tencent_voice, tencent_sms])
def test_a_provider_that_says_nothing_is_given_up_in_time(
    make: Callable[[Provider], Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heartlamp_server.notification.channels.aliyun.READ_MS", 300)
    monkeypatch.setattr("heartlamp_server.notification.channels.tencent.SECONDS", 0.3)
    kind = providers.aliyun if make in (aliyun_voice, aliyun_sms) else providers.tencent
    provider = kind()
    provider.hangs = True
    with provider.listening():
        channel = make(provider)
        began = time.monotonic()
        failed = failure(channel)
        assert (failed.what, "cannot be reached" in failed.why) == ("again", True)
        assert time.monotonic() - began < channel.deadline_s


def test_a_provider_that_is_not_there_is_tried_again() -> None:
    with providers.aliyun().listening() as provider:
        channel = aliyun_voice(provider)
    assert failure(channel).what == "again"


def test_a_text_without_a_template_is_the_administrators() -> None:
    with providers.aliyun().listening() as provider:
        failed = failure(aliyun_voice(provider), Message("1", "k", "+86138", "zh", "silent", {}))
        assert (failed.what, '"silent.zh"' in failed.why, provider.got) == ("administrator", True, [])


# --- chats -----------------------------------------------------------------------------------------------------------


def to_robot(monkeypatch: pytest.MonkeyPatch, plugin: str, provider: Provider) -> None:
    """These robots live at one host each; everything else of the exchange is as it is."""
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.wecombot import NotifyWeComBot

    of: dict[str, Any] = {"wecombot": NotifyWeComBot, "dingtalk": NotifyDingTalk, "feishu": NotifyFeishu}
    there = of[plugin].notify_url.partition("://")[2].partition("/")[2]
    monkeypatch.setattr(of[plugin], "notify_url", f"{provider.url}/{there}")


@pytest.mark.parametrize(
    ("url", "path", "find"),
    [
        ("wecombot://11111111-2222-3333-4444-555555555555", "/cgi-bin/webhook/send", lambda b: b["text"]["content"]),
        ("dingtalk://SECabcdef0123456789@0123456789abcdef", "/robot/send", lambda b: b["text"]["content"]),
        ("feishu://01234567-89ab-cdef-0123-456789abcdef", "/open-apis/bot/v2/hook/", lambda b: b["content"]["text"]),
    ],
)
def test_a_group_is_told_by_its_robot(
    monkeypatch: pytest.MonkeyPatch, url: str, path: str, find: Callable[[Any], str]
) -> None:
    plugin = url.partition("://")[0]
    with providers.robot("SECabcdef0123456789" if plugin == "dingtalk" else "").listening() as provider:
        to_robot(monkeypatch, plugin, provider)
        channel = Chat({"duty": url})
        assert send(channel, MESSAGE.__class__(**{**_fields(MESSAGE), "address": "duty"})) == ""
        [asked] = provider.got
    assert asked.path.startswith(path)
    assert "柳树村 三组 7号：求救。" in find(asked.json())


def _fields(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__slots__}


def test_a_telephone_is_told_by_ntfy_and_bark() -> None:
    with providers.robot().listening() as provider:
        channel = Chat(
            {"duty": f"ntfy://{provider.endpoint}/heartlamp", "head": f"bark://{provider.endpoint}/key1234567"}
        )
        for name in ("duty", "head"):
            send(channel, Message(**{**_fields(MESSAGE), "address": name}))
        ntfy, bark = provider.got
    assert (ntfy.json()["topic"], ntfy.json()["message"]) == ("heartlamp", "柳树村 三组 7号：求救。")
    assert bark.json()["title"] == "报警：柳树村 三组 7号 求救"


def test_a_chat_that_is_unknown_refuses_or_may_not_hear_it() -> None:
    with providers.robot().listening() as provider:
        channel = Chat({"duty": f"ntfy://{provider.endpoint}/x", "odd": f"json://{provider.endpoint}/"})
        assert failure(channel).what == "elsewhere"
        assert failure(channel, Message(**{**_fields(MESSAGE), "address": "odd"})).what == "administrator"
        hush = Message(**{**_fields(MESSAGE), "address": "duty", "silent": True})
        assert failure(channel, hush).what == "elsewhere"
        assert provider.got == []
    failed = failure(channel, Message(**{**_fields(MESSAGE), "address": "duty"}))  # it is gone
    assert failed.what == "again"


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_as_the_standard_wants_it() -> None:
    """The vector of the specification."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_another_system_verifies_our_webhook_by_its_own_library() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with Provider(lambda request: (204, {})).listening() as provider:
        channel = Webhook({"county": Endpoint(f"{provider.url}/hook?x=1", secret)})
        message = Message(**{**_fields(MESSAGE), "address": "county"})
        for _ in range(2):  # whatever is sent again has the same id
            assert asyncio.run(channel.send(message)).state == "delivered"
        first, second = provider.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_8812"
    assert Verifier(secret).verify(first.body, first.headers)["data"]["incident"] == "keya1-01"
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(secret).verify(first.body.replace(b"panic", b"fire!"), first.headers)


@pytest.mark.parametrize(
    ("status", "what", "after"),
    [(410, "elsewhere", 0), (404, "administrator", 60), (500, "again", 5), (429, "again", 7)],
)
def test_a_webhook_that_is_refused(status: int, what: str, after: float) -> None:
    said = {"RetryAfter": "7"} if status == 429 else {}
    with Provider(lambda request: (status, said)).listening() as provider:
        channel = Webhook({"county": Endpoint(provider.url, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")})
        failed = failure(channel, Message(**{**_fields(MESSAGE), "address": "county"}))
    assert (failed.what, failed.after_s) == (what, after)


def test_what_is_wrong_with_the_settings_keeps_no_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "short").touch(mode=0o600)
    (tmp_path / "short").write_text("abc")
    for table, name, why in (
        ({"callback_file": "nowhere"}, "callback_file", "No such file"),
        ({"callback_file": "short"}, "callback_file", "at least 32"),
        ({"callback_sources": ["here"]}, "callback_sources", "does not appear to be"),
        ({"callback_sources": 7}, "callback_sources", "a list"),
        ({"link": "county"}, "link", "https://"),
        ({"colour": 7}, "colour", "no setting colour"),
        ({"voice": {"kind": "aliyun-voice", "access_key_file": "nowhere"}}, "voice", "No such file"),
        ({"voice": {"kind": "aliyun-voice", "burst": "many"}}, "voice", "a number above 0"),
    ):
        opened = open_channels(table, tmp_path, Database(""))
        assert why in opened.broken[name]
        assert (sorted(opened.channels), opened.callback) == (["app"], "")


def test_secrets_are_read_from_files_of_ours_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n{SECRET}\n")
    table: dict[str, Any] = {
        "voice": {"kind": "aliyun-voice", "access_key_file": "key", "templates": {"alarm.zh": "TTS_1"}},
        "sms": {"kind": "aliyun-sms", "access_key_file": "key"},
        "fax": {"kind": "fax"},
        "mail": {"kind": "mail", "host": "mail.example", "sender": "a@b", "pasword_file": "x"},
    }
    opened = open_channels(table, tmp_path, Database(""))
    assert "can be read by others: chmod 600" in opened.broken["voice"]
    (tmp_path / "key").chmod(0o600)
    opened = open_channels(table, tmp_path, Database(""))
    assert sorted(opened.channels) == ["app", "voice"]
    assert opened.broken["sms"] == "signature is missing"
    assert "kind is one of aliyun-voice" in opened.broken["fax"]
    assert "has no pasword_file" in opened.broken["mail"]


def test_a_robot_that_refuses_with_200_has_not_been_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(
        [{"errcode": 93000, "errmsg": "invalid webhook url"}, {"errcode": 45009, "errmsg": "api freq out of limit"}]
    )
    with Provider(lambda request: (200, next(said))).listening() as provider:
        to_robot(monkeypatch, "wecombot", provider)
        channel = Chat({"duty": "wecombot://11111111-2222-3333-4444-555555555555"})
        message = Message(**{**_fields(MESSAGE), "address": "duty"})
        refused = failure(channel, message)
        assert (refused.what, "invalid webhook url (93000)" in refused.why) == ("administrator", True)
        assert failure(channel, message).what == "again"
