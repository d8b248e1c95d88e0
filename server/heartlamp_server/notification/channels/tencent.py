"""Calls and messages by Tencent Cloud. Loaded only where server.toml has such a channel."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from heartlamp_server.notification.channels.aliyun_voice import template
from heartlamp_server.notification.channels.blocking import Blocking
from heartlamp_server.notification.channels.channel import (
    ADMINISTRATOR,
    AGAIN,
    ELSEWHERE,
    Failed,
    Heard,
    Message,
    Reply,
    Report,
    Sent,
    Unreadable,
)
from heartlamp_server.notification.channels.refusals import meaning
from heartlamp_server.notification.channels.wire import local_time, objects, read_json, text
from heartlamp_server.notification.model import Trait

T = TypeVar("T")
SECONDS = 6
_OK = json.dumps({"result": 0, "errmsg": "OK"}).encode()

_CODES = {
    "InvalidParameterValue.CalledNumberVerifyFail": (ELSEWHERE, "it is no telephone number", 0.0),
    "InvalidParameterValue.IncorrectPhoneNumber": (ELSEWHERE, "it is no telephone number", 0.0),
    "FailedOperation.PhoneNumberParseFail": (ELSEWHERE, "it is no telephone number", 0.0),
    "FailedOperation.PhoneNumberInBlacklist": (ELSEWHERE, "this number wants no messages", 0.0),
    "FailedOperation.ContainSensitiveWord": (ELSEWHERE, "the place's name holds a word that the provider forbids", 0.0),
    "InvalidParameter.DirtyWordFound": (ELSEWHERE, "the place's name holds a word that the provider forbids", 0.0),
    "InvalidParameterValue.ContentLengthLimit": (ELSEWHERE, "the text is too long for the provider", 0.0),
    "InvalidParameterValue.TemplateParameterLengthLimit": (ELSEWHERE, "the place's name is too long", 0.0),
    "FailedOperation.InsufficientBalanceInVoicePackage": (ADMINISTRATOR, "the package of calls is used up", 60.0),
    "FailedOperation.InsufficientBalanceInSmsPackage": (ADMINISTRATOR, "the package of messages is used up", 60.0),
    "UnauthorizedOperation.ServiceSuspendDueToArrears": (ADMINISTRATOR, "the account has no money left", 60.0),
    "FailedOperation.PhonenumberUnappliedOrExpired": (ADMINISTRATOR, "our number was not bought, or is over", 600.0),
    "FailedOperation.TemplateIncorrectOrUnapproved": (ADMINISTRATOR, "the template is not approved", 600.0),
    "FailedOperation.TemplateUnapprovedOrNotExist": (ADMINISTRATOR, "the template is not approved", 600.0),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": (
        ADMINISTRATOR,
        "the template has other variables",
        600.0,
    ),
    "FailedOperation.SignatureIncorrectOrUnapproved": (ADMINISTRATOR, "the signature is not approved", 600.0),
    "InternalError.RequestTimeException": (ADMINISTRATOR, "the clock of this machine is wrong", 60.0),
    "RequestLimitExceeded": (AGAIN, "too many at once", 5.0),
    "LimitExceeded.DeliveryFrequencyLimit": (AGAIN, "too many to this number within the hour", 60.0),
    "LimitExceeded.PhoneNumberThirtySecondLimit": (AGAIN, "too many to this number within 30 s", 30.0),
    "LimitExceeded.PhoneNumberOneHourLimit": (AGAIN, "too many to this number within the hour", 60.0),
    "LimitExceeded.PhoneNumberDailyLimit": (ELSEWHERE, "too many to this number today", 0.0),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": (ELSEWHERE, "too many to this number today", 0.0),
}
_FIRST = (
    ("RequestLimitExceeded", AGAIN, "too many at once", 5.0),
    ("InternalError", AGAIN, "the provider has a fault", 5.0),
    ("FailedOperation.AccessUpstreamTimeout", AGAIN, "the provider has a fault", 5.0),
    ("ResourceUnavailable", AGAIN, "the provider has a fault", 5.0),
    ("AuthFailure", ADMINISTRATOR, "the secret id or key is wrong", 600.0),
    ("UnauthorizedOperation", ADMINISTRATOR, "this account may not do this", 600.0),
    ("LimitExceeded", ADMINISTRATOR, "a limit of the account is used up", 600.0),
    ("InvalidParameterValue.SdkApp", ADMINISTRATOR, "there is no such application", 600.0),
)


@dataclass(frozen=True, slots=True)
class Account:
    """`endpoint`: "" the service's own; `scheme`: https but for tests."""

    id: str
    key: str
    application: str
    region: str = "ap-beijing"
    endpoint: str = ""
    scheme: str = "https"


def refusal(code: str, message: str) -> Failed:
    return meaning(code, message, _CODES, _FIRST)


def asked(work: Callable[[], T]) -> T:
    """The SDK's answer. Raises Failed."""
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    try:
        return work()
    except TencentCloudSDKException as wrong:
        code = str(wrong.code)
        if code in ("ClientNetworkError", "ServerNetworkError"):
            raise Failed(AGAIN, f"the provider cannot be reached: {str(wrong.message)[:150]}", 2.0) from wrong
        raise refusal(code, str(wrong.message)) from wrong
    except (OSError, ValueError, KeyError) as wrong:
        raise Failed(AGAIN, f"the provider's answer cannot be read: {str(wrong)[:150]}", 2.0) from wrong


class _Tencent(Blocking):
    _service = ""

    def __init__(self, account: Account, templates: Mapping[str, str]) -> None:
        self._account, self._templates = account, templates
        self.provider = f"tencent-{self._service}:{account.application}"

    def _profile(self) -> tuple[Any, Any]:
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        http = HttpProfile(
            protocol=self._account.scheme, endpoint=self._account.endpoint or None, reqTimeout=SECONDS, reqMethod="POST"
        )
        return Credential(self._account.id, self._account.key), ClientProfile(httpProfile=http)


class TencentVoice(_Tencent):
    """`templates`: "alarm.zh" -> its number."""

    trait = Trait(wakes=True, merges=False, proves=True)
    _service = "vms"

    def __init__(self, account: Account, templates: Mapping[str, str], play_times: int) -> None:
        super().__init__(account, templates)
        self._times = play_times

    def _load(self) -> None:
        self._client  # noqa: B018 - made where it is first asked for

    def _send(self, message: Message) -> Sent:
        from tencentcloud.vms.v20200902 import models

        request = models.SendTtsVoiceRequest()
        request.TemplateId = template(self._templates, message.kind, message.lang)
        request.CalledNumber = message.address
        request.VoiceSdkAppid = self._account.application
        request.TemplateParamSet = list(message.parameters.values())
        request.PlayTimes = self._times
        request.SessionContext = message.id
        return Sent(str(asked(lambda: self._client.SendTtsVoice(request)).SendStatus.CallId))

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        """voiceprompt_callback (taken up or not), voicekey_callback (a key), voice_failure_callback (why not)."""
        fields = read_json(body)
        if not isinstance(fields, dict):
            raise Unreadable("not an object")
        found: list[Heard] = []
        if prompt := fields.get("voiceprompt_callback"):
            id, at = text(prompt, "callid"), local_time(prompt.get("accept_time"))
            ended = local_time(prompt.get("end_calltime"))
            if text(prompt, "result") == "0":
                found.append(Report(id, "answered", at or ended))
            else:
                why = "was not taken up" if text(prompt, "result") == "1" else "the call did not come about"
                found.append(Report(id, "failed", ended, {"why": why}))
        if key := fields.get("voicekey_callback"):
            found.append(Report(text(key, "callid"), "answered", None, {}, text(key, "keypress")[-1:]))
        if failure := fields.get("voice_failure_callback"):
            why = f"{text(failure, 'failure_reason')} ({text(failure, 'failure_code')})"
            found.append(Report(text(failure, "callid"), "failed", None, {"why": why}))
        return found, _OK

    @cached_property
    def _client(self) -> Any:
        from tencentcloud.vms.v20200902.vms_client import VmsClient

        credential, profile = self._profile()
        return VmsClient(credential, self._account.region, profile)


class TencentSms(_Tencent):
    """`signature`: the approved one; `templates`: "alarm.zh" -> its number."""

    trait = Trait(wakes=False, merges=True, proves=True)
    _service = "sms"

    def __init__(self, account: Account, signature: str, templates: Mapping[str, str]) -> None:
        super().__init__(account, templates)
        self._signature = signature

    def _load(self) -> None:
        self._client  # noqa: B018 - made where it is first asked for

    def _send(self, message: Message) -> Sent:
        from tencentcloud.sms.v20210111 import models

        request = models.SendSmsRequest()
        request.SmsSdkAppId = self._account.application
        request.SignName = self._signature
        request.TemplateId = template(self._templates, message.kind, message.lang)
        request.TemplateParamSet = list(message.parameters.values())
        request.PhoneNumberSet = [message.address]
        request.SessionContext = message.id
        [status] = asked(lambda: self._client.SendSms(request)).SendStatusSet
        if status.Code != "Ok":
            raise refusal(str(status.Code), str(status.Message))
        return Sent(str(status.SerialNo))

    def _poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        from tencentcloud.sms.v20210111 import models

        wanted = {id for id, _, _ in provider_ids}
        found: list[Heard] = []
        for address in {address for _, address, _ in provider_ids}:
            began = min(at for _, to, at in provider_ids if to == address)
            request = models.PullSmsSendStatusByPhoneNumberRequest()
            request.SmsSdkAppId, request.PhoneNumber = self._account.application, address
            request.BeginTime = int((began - timedelta(minutes=1)).timestamp())
            request.EndTime = int((began + timedelta(hours=2)).timestamp())
            request.Offset, request.Limit = 0, 100
            answer = asked(
                lambda request=request: self._client.PullSmsSendStatusByPhoneNumber(request)  # type: ignore[misc]
            )
            for one in answer.PullSmsSendStatusSet or []:
                if one.SerialNo in wanted:
                    state = "delivered" if one.ReportStatus == "SUCCESS" else "failed"
                    why = {} if state == "delivered" else {"why": str(one.Description)[:100]}
                    found.append(Report(one.SerialNo, state, local_time(one.UserReceiveTime), why))
        return found

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        """The list of what was delivered or not; or one answer."""
        found: list[Heard] = []
        for fields in objects(read_json(body)):
            if "text" in fields and "mobile" in fields:
                number = f"+{text(fields, 'nationcode') or '86'}{text(fields, 'mobile')}"
                found.append(Reply(number, text(fields, "text"), local_time(fields.get("time"))))
            elif id := text(fields, "sid"):
                at = local_time(fields.get("user_receive_time"))
                if text(fields, "report_status") == "SUCCESS":
                    found.append(Report(id, "delivered", at))
                else:
                    why = f"{text(fields, 'description')} ({text(fields, 'errmsg')})"
                    found.append(Report(id, "failed", None, {"why": why}))
        return found, _OK

    @cached_property
    def _client(self) -> Any:
        from tencentcloud.sms.v20210111.sms_client import SmsClient

        credential, profile = self._profile()
        return SmsClient(credential, self._account.region, profile)
