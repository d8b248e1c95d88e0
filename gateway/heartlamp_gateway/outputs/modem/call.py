"""One outgoing call, as ModemManager tells it. Pure: each function gives the call after it, and what to do.

What a modem calls "active" is not always an answer: where it cannot see the far end, ModemManager says active (or
ringing) as soon as it has dialled, for the reason "outgoing started". Such a call is blind: only a key is an answer.
"""

from dataclasses import dataclass, replace

from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.modem import names
from heartlamp_gateway.outputs.modem.trouble import of_error

GRACE_S = 2.0  # a call that ended is told before the reason why it could not be begun

NO_KEY = "接了但没按键，可能是留言信箱 answered, but no key was pressed: perhaps a machine"
HUNG_UP = "接了就挂，没按键 answered and hung up without a key"
RANG_OUT = "没人接 nobody took it"
AWAY = "没接通：占线、关机或不在服务区 not put through: busy, switched off or out of reach"
BLIND = "这个调制解调器看不出是否接听，没收到按键 this modem cannot see whether it was answered; no key came"
TOO_LONG = "时间到了 its time was over"
UNWANTED = "不用打了，没接就挂断 not wanted any more, hung up before anybody took it"
AUDIO = "语音通道打不开 its sound channel cannot be opened"
ERRONEOUS = "网络报错 the network reported an error"


@dataclass(frozen=True, slots=True)
class Call:
    """Seconds of one clock. `rings_until`, `answer_s`, `until`: limits. `answered`: since when; `over`: how and since
    when it ended, while the reply to Start is still to come."""

    rings_until: float
    answer_s: float
    until: float
    started: bool = False
    rang: bool = False
    blind: bool = False
    answered: float | None = None
    over: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """`reports`: on the way; `end`: None while it goes on; `speak`: from now on there may be an ear."""

    call: Call
    reports: tuple[Report, ...] = ()
    end: Report | None = None
    speak: bool = False


def begun(now: float, ring_s: float, answer_s: float, until: float) -> Call:
    return Call(now + ring_s, answer_s, until)


def started(call: Call, error: tuple[str, str] | None, now: float) -> Next:
    """The reply to Start came. `error`: name and words."""
    if error is None:
        call = replace(call, started=True)
        return Next(call, end=_ended(call, call.over[0]) if call.over else None)
    kind = error[0].removeprefix(names.ERROR)
    if kind == "Connection.Busy":
        return Next(call, end=Report("busy"))
    # "no dial tone" is what it says of every call that the network ended before Start had returned, a busy line too
    if kind in ("Connection.NoAnswer", "Connection.NoCarrier", "Connection.NoDialtone"):
        return Next(call, end=Report("unanswered", RANG_OUT if call.rang else AWAY))
    return Next(call, end=Report("failed", of_error(*error)))


def changed(call: Call, state: int, reason: int, now: float) -> Next:
    """Call.StateChanged."""
    guessed = reason == names.OUTGOING_STARTED
    if state == names.RINGING_OUT and not call.rang and not guessed:
        return Next(replace(call, rang=True), (Report("rang"),))
    if state == names.ACTIVE and guessed:
        return Next(replace(call, blind=True), speak=True)
    if state == names.ACTIVE and call.answered is None:
        return Next(replace(call, answered=now, blind=False), (Report("answered"),), speak=True)
    if state == names.TERMINATED and call.over is None:
        call = replace(call, over=(reason, now))
        return Next(call, end=_ended(call, reason) if call.started else None)
    return Next(call)


def key(call: Call, pressed: str, now: float) -> Next:
    """Call.DtmfReceived. Who presses a key hears us, whatever the modem thinks."""
    answered = () if call.answered is not None else (Report("answered"),)
    call = replace(call, answered=now if call.answered is None else call.answered)
    end = {"1": Report("coming"), "2": Report("cannot")}.get(pressed)
    return Next(call, answered, end, speak=end is None)


def at(call: Call, now: float) -> Next:
    """Time has passed."""
    if call.over is not None and now >= call.over[1] + GRACE_S:
        return Next(call, end=_ended(call, call.over[0]))
    if call.answered is not None and now >= call.answered + call.answer_s:
        return Next(call, end=Report("voicemail", NO_KEY))
    if call.answered is None and now >= call.rings_until + (call.answer_s if call.blind else 0.0):
        return Next(call, end=_unanswered(call))
    if now >= call.until:
        return Next(call, end=Report("failed", TOO_LONG) if call.answered is None else Report("voicemail", NO_KEY))
    return Next(call)


def _ended(call: Call, reason: int) -> Report:
    if call.answered is not None:
        return Report("voicemail", HUNG_UP)
    if reason == names.REFUSED_OR_BUSY:
        return Report("busy")
    if reason == names.AUDIO_SETUP_FAILED:
        return Report("failed", AUDIO)
    if reason == names.ERRONEOUS:
        return Report("failed", ERRONEOUS)
    return _unanswered(call)


def _unanswered(call: Call) -> Report:
    return Report("unanswered", BLIND if call.blind else RANG_OUT if call.rang else AWAY)
