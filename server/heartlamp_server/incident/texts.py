"""A timeline entry in the two languages of the screens."""

from typing import Any

from heartlamp_server.incident.handover import SERVICES
from heartlamp_server.incident.model import Entry

WHAT = {
    "panic": ("求助", "help"),
    "fire": ("火警", "fire"),
    "gas": ("燃气", "gas"),
    "flood": ("水浸", "flood"),
    "slope": ("滑坡/山体位移", "landslide"),
    "silent": ("静默求助", "silent alarm"),
}
ANSWER = {
    "accepted": ("已受理", "accepted"),
    "coming": ("正在赶来", "is coming"),
    "arrived": ("已到场", "has arrived"),
    "withdrawn": ("已撤回", "withdrew"),
    "unanswered": ("无人应答", "nobody answered"),
    "cannot": ("去不了", "cannot come"),
    "handled": ("已处置", "has handled it"),
}
KIND = {
    "button": ("按钮", "button"),
    "silent": ("静默按钮", "silent button"),
    "lamp": ("心灯", "heart-lamp"),
    "camera": ("带相机的心灯", "heart-lamp camera"),
    "smoke": ("烟感", "smoke sensor"),
    "gas": ("燃气传感器", "gas sensor"),
    "flood": ("水浸传感器", "flood sensor"),
    "door": ("门磁", "door contact"),
    "temperature": ("温度传感器", "thermometer"),
    "slope": ("山体位移传感器", "slope sensor"),
}
REASON = {"wrong mac": "签名不符", "another body under the same id": "同一编号，内容不同"}
CHANNEL = {
    "voice": ("打电话给", "telephone to"),
    "sms": ("发短信给", "message to"),
    "siren": ("警报器", "siren"),
    "speaker": ("大喇叭", "loudspeaker"),
}
STATE = {
    "queued": ("待发", "waits to be sent"),
    "seen": ("已看", "was seen"),
    "expired": ("未发，已不需要", "not sent: not wanted any more"),
    "sent": ("已发出", "sent"),
    "delivered": ("已送达", "delivered"),
    "rang": ("已响铃", "rang"),
    "answered": ("已接听", "answered"),
    "done": ("已完成", "done"),
    "coming": ("回答：我去", "says: I go"),
    "cannot": ("回答：去不了", "says: I cannot"),
    "voicemail": ("无人应答（语音信箱）", "no answer (voicemail)"),
    "busy": ("占线", "busy"),
    "unanswered": ("无人接听", "no answer"),
    "failed": ("未成功", "failed"),
}
SOURCE = {"report": ("上报", "report"), "phone": ("电话", "telephone"), "api": ("其他系统", "another system")}
HOW = {
    "arrived": ("已见到人", "seen"),
    "spoke_to": ("已通话", "spoken to"),
    "read_back": ("已复述核对", "read back"),
    "file": ("文件导入", "from a file"),
    "api": ("系统接口", "from another system"),
    "": ("", ""),
}
THERE = {"1": ("到过现场", "they were there"), "0": ("没有到场", "they were not there")}

_VILLAGE = (("channel", CHANNEL), ("state", STATE))

_NAMED = (
    ("what", WHAT),
    ("kind", KIND),
    ("answer", ANSWER),
    ("how", HOW),
    ("service", SERVICES),
    ("source", SOURCE),
    ("there", THERE),
    *_VILLAGE,
)

TEXTS = {
    "opened": ("{house}的{kind}发出{what}", "{what} from {house}, by its {kind}"),
    "opened_by": ("{by} 报告{what}（{source}）：{place}。{note}", "{what} told by {by} ({source}): {place}. {note}"),
    "reported": ("{by} 再次报告{what}（{source}）。{note}", "{what} told again by {by} ({source}). {note}"),
    "press": ("{house}再次按下", "{house} pressed again"),
    "unverified": ("未通过验证：{reason}", "not verified: {reason}"),
    "verified": ("设备本身的报文已到，验证通过", "the device's own message came and is verified"),
    "corrected": ("设备本身的报文更正为{what}", "the device's own message says {what}"),
    "clash": ("同一编号出现另一内容，两份都已保留", "another message under the same id; both are kept"),
    "cancelled": (
        "{house}表示按错了；呼叫继续，直到有人见到或通话",
        "{house} says it was a mistake; calling goes on until somebody saw or spoke to them",
    ),
    "lit": ("{house}的灯已亮", "the lamp at {house} shows it"),
    "answer": ("{who} {answer}", "{who} {answer}"),
    "answer_unverified": (
        "{who} 的应答未通过验证，未采用：{answer}",
        "an answer of {who} was not verified and not used: {answer}",
    ),
    "answer_kept": ("{who} {answer}（已记录，状态不变：{reason}）", "{who} {answer} (kept, changes nothing: {reason})"),
    "still": ("{house}的{kind}拍了照片，{kb} kB，还没有传到", "picture taken at {house}, {kb} kB, not here yet"),
    "photo": ("{by} 上传照片，{kb} kB", "photo sent by {by}, {kb} kB"),
    "picture": ("{house}的照片已传到，{kb} kB", "the picture taken at {house} is here, {kb} kB"),
    "picture_wrong": (
        "{house}传来的照片与相机所报不符，重新传送",
        "the picture from {house} is not what its camera had announced: it is sent again",
    ),
    "still_kept": (
        "{house}的{kind}报来一张照片；它不是这一家的相机，未采用",
        "{house} reports a picture by its {kind}, which is no camera of this house: not used",
    ),
    "still_unverified": (
        "{house}报来一张照片，未通过验证，未采用",
        "a picture reported by {house} was not verified and not used",
    ),
    "closed": ("{by} 办结；{who} {how}", "closed by {by}; {who}: {how}"),
    "false": ("{by} 定为误报：{why}；{who} {how}", "declared false by {by}: {why}; {who}: {how}"),
    "handed_on": ("交接班：由 {from} 交给 {who}", "handed on at the change of shifts, from {from} to {who}"),
    "taken_on": ("接班：{who}", "taken on by {who}, who came on duty"),
    "passed_on": (
        "{from}：15 秒无人受理，已转告{to}（{who}）",
        "not accepted at {from} within 15 s: {to} was told ({who})",
    ),
    "noted": ("{by} 备注：{note}", "note by {by}: {note}"),
    "dispatched": ("{by} 派 {who} 前往", "{who} was sent by {by}"),
    "late": ("{who} 逾时未到", "{who} has not arrived in time"),
    "handled": ("{by} 处置：{what}", "handled by {by}: {what}"),
    "feedback": ("{by} 回访：{words}", "the household was asked back by {by}: {words}"),
    "evaluated": ("评价：{marks} {words}（{by}）", "judged: {marks} {words} ({by})"),
    "merged": ("{by} 并入{place}的警情", "made one with the call from {place} by {by}"),
    "parted": ("{by} 分案", "parted again by {by}"),
    "handed": ("{by} 已报{service}，等待接警", "told to {service} by {by}; not taken yet"),
    "handed_taken": (
        "{service}已接警，编号 {case}，{officer}（{how}，{by}）",
        "taken by {service}: case {case}, {officer} ({how}, {by})",
    ),
    "handed_declined": ("{service}未接警：{why}（{by}）", "not taken by {service}: {why} ({by})"),
    "handed_ended": ("{service}结果：{words}，{there}（{by}）", "{service}: {words}, {there} ({by})"),
    "drill": ("这是演练：{by} 事先已宣布", "this is a drill, announced by {by}"),
    "earnest": ("不是演练，按真警情重新呼叫各方；{by}", "no drill: everybody is called anew; {by}"),
    "reopened": ("{by} 重新打开：{why}", "opened again by {by}: {why}"),
    "told": ("通知{who}（{channel} {to}）：{state}。{why}", "{who} by {channel} {to}: {state}. {why}"),
    "village_answer": ("村里：{said}", "in the village: {said}"),
    "village_duty": ("村里值班：{who} {answer}", "on duty in the village: {who} {answer}"),
    "village_lapsed": ("{who} 说要来，逾时未到", "{who} was coming and has not arrived in time"),
    "village_step": (
        "村里第{step}步：{channel}{who}，{state}。{why}",
        "village, step {step}: {channel} {who}: {state}. {why}",
    ),
}


def text(entry: Entry) -> tuple[str, str]:
    """(Chinese, English)."""
    patterns = TEXTS.get(entry.kind, (entry.kind, entry.kind))
    if entry.kind == "answer" and entry.detail.get("by") not in ("", None, entry.detail["who"]):
        patterns = ("{who} {answer}（{by}记录）", "{who} {answer} (recorded by {by})")
    return _fill(patterns[0], entry.detail, 0), _fill(patterns[1], entry.detail, 1)


def _fill(pattern: str, detail: dict[str, Any], language: int) -> str:
    names_of = ["house", "kind", "what", "reason", "who", "by", "answer", "how", "subject", "step", "why", "to"]
    names_of += ["source", "note", "service", "case", "officer", "there", "from"]
    words = dict.fromkeys((*names_of, "channel", "state", "place", "words", "marks"), "")
    words |= {name: str(value) for name, value in detail.items()}
    reasons = words["reason"].split(" · ")  # a Refused speaks both languages
    words["reason"] = (reasons * 2)[language] if len(reasons) <= 2 else words["reason"]
    words["reason"] = REASON.get(words["reason"], words["reason"]) if language == 0 else words["reason"]
    for name, names in _NAMED:
        words[name] = names[words[name]][language] if words[name] in names else words[name]
    words["kb"] = str(-(-int(detail.get("bytes", 0)) // 1000))
    words["said"] = f"{words['who']} {words['answer']}".strip()
    return pattern.format_map(words).strip(" ；;:")
