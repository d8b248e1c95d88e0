"""Messages by Alibaba Cloud's SMS."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from heartlamp_server.notification.channels import aliyun
from heartlamp_server.notification.channels.aliyun_voice import template
from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import Heard, Message, Reply, Report, Sent
from heartlamp_server.notification.channels.wire import CHINA, local_time, objects, read_json, text
from heartlamp_server.notification.model import Trait

_SUCCESS = json.dumps({"code": 0, "msg": "成功"}, ensure_ascii=False).encode()
_DELIVERED, _FAILED = 3, 2


class AliyunSms(Blocking):
    """`signature`: the approved one, without brackets; `templates`: "alarm.zh" -> SMS_…"""

    trait = Trait(wakes=False, merges=True, proves=True)

    def __init__(self, account: aliyun.Account, signature: str, templates: Mapping[str, str]) -> None:
        self._account, self._signature, self._templates = account, signature, templates
        self.provider = f"aliyun-sms:{account.key}"

    def _load(self) -> None:
        self._client  # noqa: B018 - made where it is first asked for

    def _send(self, message: Message) -> Sent:
        from alibabacloud_dysmsapi20170525 import models

        request = models.SendSmsRequest(
            phone_numbers=aliyun.number(message.address),
            sign_name=self._signature,
            template_code=template(self._templates, message.kind, message.lang),
            template_param=json.dumps(dict(message.parameters), ensure_ascii=False),
            out_id=message.id,
        )
        body = aliyun.asked(lambda: self._client.send_sms_with_options(request, aliyun.runtime())).body
        if body.code != "OK":
            raise aliyun.refusal(str(body.code), str(body.message))
        return Sent(str(body.biz_id))

    def _poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        from alibabacloud_dysmsapi20170525 import models

        found: list[Heard] = []
        for id, address, at in provider_ids:
            request = models.QuerySendDetailsRequest(
                phone_number=aliyun.number(address),
                biz_id=id,
                send_date=at.astimezone(CHINA).strftime("%Y%m%d"),
                page_size=10,
                current_page=1,
            )
            body = aliyun.asked(
                lambda request=request: self._client.query_send_details_with_options(  # type: ignore[misc]
                    request, aliyun.runtime()
                )
            ).body
            details = body.sms_send_detail_dtos.sms_send_detail_dto if body.sms_send_detail_dtos else []
            for one in details or []:
                if one.send_status == _DELIVERED:
                    found.append(Report(id, "delivered", local_time(one.receive_date)))
                elif one.send_status == _FAILED:
                    found.append(Report(id, "failed", None, {"why": f"not delivered ({one.err_code})"}))
        return found

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        """SmsReport (delivered or not) and SmsUp (an answer)."""
        found: list[Heard] = []
        for fields in objects(read_json(body)):
            if "content" in fields and "success" not in fields:
                number, at = text(fields, "phone_number"), local_time(fields.get("send_time"))
                found.append(Reply(number, text(fields, "content"), at))
            elif id := text(fields, "biz_id"):
                at = local_time(fields.get("report_time"))
                if fields.get("success") is True:
                    found.append(Report(id, "delivered", at))
                else:
                    why = f"{text(fields, 'err_msg') or 'not delivered'} ({text(fields, 'err_code')})"
                    found.append(Report(id, "failed", at, {"why": why}))
        return found, _SUCCESS

    @cached_property
    def _client(self) -> Any:
        from alibabacloud_dysmsapi20170525.client import Client

        return Client(aliyun.config(self._account))
