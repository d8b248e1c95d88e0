"""Alibaba Cloud's account, and what its refusals mean. Its voice and message services share both. Loaded only where
server.toml has such a channel: the SDK takes seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from heartlamp_server.notification.channels.channel import ADMINISTRATOR, AGAIN, ELSEWHERE, Failed
from heartlamp_server.notification.channels.refusals import meaning

T = TypeVar("T")
CONNECT_MS, READ_MS = 3_000, 5_000

_CODES = {
    "isv.BUSINESS_LIMIT_CONTROL": (AGAIN, "too many to this number within the hour", 60.0),
    "isv.DAY_LIMIT_CONTROL": (ADMINISTRATOR, "the day's limit of the account is used up", 600.0),
    "isv.MONTH_LIMIT_CONTROL": (ADMINISTRATOR, "the month's limit of the account is used up", 600.0),
    "isv.MOBILE_NUMBER_ILLEGAL": (ELSEWHERE, "it is no telephone number", 0.0),
    "isv.MOBILE_COUNT_OVER_LIMIT": (ELSEWHERE, "it is no telephone number", 0.0),
    "isv.INVALID_JSON_PARAM": (ADMINISTRATOR, "the template's variables are not those of our texts", 600.0),
    "isv.TEMPLATE_MISSING_PARAMETERS": (ADMINISTRATOR, "the template's variables are not those of our texts", 600.0),
    "isv.TEMPLATE_PARAMS_ILLEGAL": (ADMINISTRATOR, "the template's variables are not those of our texts", 600.0),
    "isv.TTS_TEMPLATE_ILLEGAL": (ADMINISTRATOR, "the template is not there, or not approved", 600.0),
    "isv.SMS_TEMPLATE_ILLEGAL": (ADMINISTRATOR, "the template is not there, or not approved", 600.0),
    "isv.SMS_SIGNATURE_ILLEGAL": (ADMINISTRATOR, "the signature is not there, or not approved", 600.0),
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": (ADMINISTRATOR, "the signature may not be used for this", 600.0),
    "isv.DISPLAY_NUMBER_ILLEGAL": (ADMINISTRATOR, "the number that is shown was not bought", 600.0),
    "isv.BLACK_KEY_CONTROL_LIMIT": (ELSEWHERE, "the place's name holds a word that the provider forbids", 0.0),
    "isv.PARAM_LENGTH_LIMIT": (ELSEWHERE, "the place's name is too long for the template", 0.0),
    "isv.AMOUNT_NOT_ENOUGH": (ADMINISTRATOR, "the account has no money left", 60.0),
    "isv.OUT_OF_SERVICE": (ADMINISTRATOR, "the account is suspended: no money left", 60.0),
    "isv.PRODUCT_UN_SUBSCRIPT": (ADMINISTRATOR, "the service is not bought", 600.0),
    "isv.PRODUCT_UNSUBSCRIBE": (ADMINISTRATOR, "the service is not bought", 600.0),
    "isv.ACCOUNT_NOT_EXISTS": (ADMINISTRATOR, "there is no such account", 600.0),
    "isv.ACCOUNT_ABNORMAL": (ADMINISTRATOR, "something is wrong with the account", 600.0),
    "isp.RAM_PERMISSION_DENY": (ADMINISTRATOR, "the access key may not do this", 600.0),
    "InvalidAccessKeyId.NotFound": (ADMINISTRATOR, "there is no such access key", 600.0),
    "InvalidAccessKeyId.Inactive": (ADMINISTRATOR, "the access key was switched off", 600.0),
    "SignatureDoesNotMatch": (ADMINISTRATOR, "the access key's secret is wrong", 600.0),
    "InvalidTimeStamp.Expired": (ADMINISTRATOR, "the clock of this machine is wrong", 60.0),
}
_FIRST = (
    ("Throttling", AGAIN, "too many at once", 5.0),
    ("isp.", AGAIN, "the provider has a fault", 5.0),
    ("ServiceUnavailable", AGAIN, "the provider has a fault", 5.0),
    ("InternalError", AGAIN, "the provider has a fault", 5.0),
    ("Forbidden", ADMINISTRATOR, "the access key may not do this", 600.0),
    ("NoPermission", ADMINISTRATOR, "the access key may not do this", 600.0),
    ("InvalidAccessKey", ADMINISTRATOR, "the access key is wrong", 600.0),
)


@dataclass(frozen=True, slots=True)
class Account:
    """`endpoint`: host[:port]; `scheme`: https but for tests."""

    key: str
    secret: str
    endpoint: str
    scheme: str = "https"


def refusal(code: str, message: str) -> Failed:
    return meaning(code, message, _CODES, _FIRST)


def asked(work: Callable[[], T]) -> T:
    """The SDK's answer. Raises Failed."""
    from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

    try:
        return work()
    except AlibabaCloudException as wrong:
        raise refusal(str(wrong.code), str(wrong.message)) from wrong
    except Exception as wrong:  # the SDK wraps sockets' and requests' in its own, unnamed
        raise Failed(AGAIN, f"the provider cannot be reached: {str(wrong)[:150]}", 2.0) from wrong


def config(account: Account) -> Any:
    from alibabacloud_tea_openapi.models import Config

    return Config(
        access_key_id=account.key,
        access_key_secret=account.secret,
        endpoint=account.endpoint,
        protocol=account.scheme.upper(),
        connect_timeout=CONNECT_MS,
        read_timeout=READ_MS,
    )


def runtime() -> Any:
    """Once: whether it is tried again is for the outbox, or one call would ring twice without a word."""
    from darabonba.runtime import RuntimeOptions

    return RuntimeOptions(autoretry=False, max_attempts=1, connect_timeout=CONNECT_MS, read_timeout=READ_MS)


def number(address: str) -> str:
    """As it wants it: within China without the country's code."""
    return address.removeprefix("+86") if address.startswith("+86") else address.removeprefix("+")
