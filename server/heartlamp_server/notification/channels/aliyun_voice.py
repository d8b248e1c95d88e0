"""Calls by Alibaba Cloud's voice service: IvrCall, which asks for a key, or SingleCallByTts, which cannot."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from heartlamp_server.notification.channels import aliyun
from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import ADMINISTRATOR, Failed, Heard, Message, Report, Sent
from heartlamp_server.notification.channels.wire import first_time, local_time, objects, read_json, text
from heartlamp_server.notification.model import Trait

IVR, TTS = "11000000300005", "11010000138001"
PICKED_UP = ("200000", "200001", "200008")  # heard it all · hung up before the end · pressed no key in time
RANG = "200003"
_WHY = {
    "200002": "busy",
    "200003": "rang, and was not taken up",
    "200004": "it is no telephone number",
    "200005": "cannot be reached",
    "200007": "cannot be reached",
    "200010": "switched off",
    "200011": "the number is out of service",
    "200104": "our number may not call",
    "200105": "this number may not be called",
    "200117": "our number is not allowed to be shown",
    "200118": "no calls at this hour by the provider",
    "200121": "too many calls at once",
}
_SUCCESS = json.dumps({"code": 0, "msg": "成功"}, ensure_ascii=False).encode()


class AliyunVoice(Blocking):
    """`templates`: "alarm.zh" -> TTS_…; `shown`: the number that was bought, without which no key can be asked for;
    "thanks.zh" among the templates is what it says after a key."""

    trait = Trait(wakes=True, merges=False, proves=True)

    def __init__(self, account: aliyun.Account, templates: Mapping[str, str], shown: str, play_times: int) -> None:
        self._account, self._templates, self._shown, self._times = account, templates, shown, play_times
        self.provider = f"aliyun-voice:{account.key}"

    def _load(self) -> None:
        self._client  # noqa: B018 - made where it is first asked for

    def _send(self, message: Message) -> Sent:
        from alibabacloud_dyvmsapi20170525 import models

        code = self._template(message.kind, message.lang)
        said = json.dumps(dict(message.parameters), ensure_ascii=False)
        called = aliyun.number(message.address)
        if not self._shown:
            request = models.SingleCallByTtsRequest(
                called_number=called, tts_code=code, tts_param=said, out_id=message.id, play_times=self._times
            )
            answer = aliyun.asked(lambda: self._client.single_call_by_tts_with_options(request, aliyun.runtime()))
        else:
            thanks = self._template("thanks", message.lang)
            keys = [models.IvrCallRequestMenuKeyMap(key=key, code=thanks) for key in ("1", "2")]
            ivr = models.IvrCallRequest(
                called_number=called,
                called_show_number=self._shown,
                start_code=code,
                start_tts_params=said,
                menu_key_map=keys,
                play_times=self._times,
                timeout=8_000,
                out_id=message.id,
            )
            answer = aliyun.asked(lambda: self._client.ivr_call_with_options(ivr, aliyun.runtime()))
        if answer.body.code != "OK":
            raise aliyun.refusal(str(answer.body.code), str(answer.body.message))
        return Sent(str(answer.body.call_id))

    def _poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        from alibabacloud_dyvmsapi20170525 import models

        found: list[Heard] = []
        for id, _, at in provider_ids:
            request = models.QueryCallDetailByCallIdRequest(
                call_id=id, prod_id=IVR if self._shown else TTS, query_date=int(at.timestamp() * 1000)
            )
            body = aliyun.asked(
                lambda request=request: self._client.query_call_detail_by_call_id_with_options(  # type: ignore[misc]
                    request, aliyun.runtime()
                )
            ).body
            if body.code == "OK" and body.data:
                found += call_record({"call_id": id} | _snake(json.loads(body.data)))
        return found

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        """VoiceReport (the call's record), and VoiceCallReport (what happens in it)."""
        return [heard for fields in objects(read_json(body)) for heard in call_record(fields)], _SUCCESS

    @cached_property
    def _client(self) -> Any:
        from alibabacloud_dyvmsapi20170525.client import Client

        return Client(aliyun.config(self._account))

    def _template(self, kind: str, lang: str) -> str:
        return template(self._templates, kind, lang)


def template(templates: Mapping[str, str], kind: str, lang: str) -> str:
    """Raises Failed."""
    for name in (f"{kind}.{lang}", f"{kind}.{lang.split('-')[0]}", f"{kind}.zh", kind):
        if name in templates:
            return templates[name]
    raise Failed(ADMINISTRATOR, f'server.toml has no template "{kind}.{lang}" for this channel', 60.0)


def call_record(fields: dict[str, Any]) -> list[Heard]:
    """A record tells of all that was before; each is a line of its own with its own time."""
    id, code = text(fields, "call_id"), text(fields, "status_code", "state")
    key = text(fields, "dtmf")
    ended = first_time((fields.get("end_time"), fields.get("status_time"), fields.get("gmt_create")))
    rang, taken = local_time(fields.get("ring_time")), local_time(fields.get("start_time"))
    if not id:
        return []
    if text(fields, "smart_status_code"):  # VoiceCallReport
        state = {"ALERTING": "rang", "RINGING": "rang", "ANSWERED": "answered"}.get(
            text(fields, "smart_status_code"), ""
        )
        return [Report(id, state, ended, {}, key[-1:])] if state or key else []
    found: list[Heard] = []
    if rang or code == RANG:
        found.append(Report(id, "rang", rang or ended))
    if taken or code in PICKED_UP:
        found.append(Report(id, "answered", taken or ended, {"why": "" if key else "no key was pressed"}, key[-1:]))
    elif code.startswith("200"):
        found.append(Report(id, "failed", ended, {"why": f"{_WHY.get(code, 'was not taken up')} ({code})"}))
    return found


def _snake(fields: dict[str, Any]) -> dict[str, Any]:
    """QueryCallDetailByCallId's own names for the same."""
    names = {"startDate": "start_time", "endDate": "end_time", "ringTime": "ring_time", "gmtCreate": "gmt_create"}
    return {names.get(name, name): value for name, value in fields.items()}
