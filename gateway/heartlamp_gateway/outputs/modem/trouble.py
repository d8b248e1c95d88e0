"""What is wrong with a modem, and what to do, in Chinese and English. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heartlamp_gateway.outputs.modem import names
from heartlamp_gateway.outputs.modem.names import MODEM, MODEM_3GPP, VOICE


@dataclass(frozen=True, slots=True)
class Modem:
    """`properties`: by interface, as ModemManager gives them."""

    path: str
    properties: Mapping[str, Mapping[str, Any]]

    def get(self, interface: str, name: str, default: Any) -> Any:
        return self.properties.get(interface, {}).get(name, default)

    @property
    def state(self) -> int:
        return int(self.get(MODEM, "State", names.UNKNOWN))


def chosen(modems: list[Modem], imei: str) -> Modem | None:
    """The one with this IMEI; without one, that which is furthest."""
    if imei:
        return next((m for m in modems if m.get(MODEM, "EquipmentIdentifier", "") == imei), None)
    return max(modems, key=lambda m: (m.state, m.path), default=None)


NO_BUS = "系统总线连不上：重启网关机。 The system bus cannot be reached: restart this box."
NO_SERVICE = (
    "调制解调器服务没有运行：systemctl enable --now ModemManager。 "
    "ModemManager does not run: systemctl enable --now ModemManager."
)
NO_ANSWER = (
    "调制解调器没有反应：拔插一次，再 systemctl restart ModemManager。 "
    "The modem does not react: unplug it and plug it in, then systemctl restart ModemManager."
)
NOT_ALLOWED = (
    "网关无权使用调制解调器：装上 docs/modem.md 里的 polkit 规则。 "
    "The gateway may not use the modem: install the polkit rule of its modem page."
)
NO_MODEM = "没有找到调制解调器：检查 USB 插头和供电。 No modem is found: check its USB plug and its power."
OTHER_MODEM = (
    "没有 IMEI 为 {} 的调制解调器：检查插头，或改配置。 "
    "There is no modem with IMEI {}: check its plug, or the configuration."
)
NO_SIM = "没有 SIM 卡：断电后插好卡。 There is no SIM card: switch off and put it in."
BAD_SIM = "SIM 卡读不出来：断电后重插或换卡。 The SIM card cannot be read: put it in anew, or another."
BROKEN = "调制解调器启动失败：拔插一次，不行就更换。 The modem failed to start: unplug it once, else replace it."
PIN = "SIM 卡要 PIN 码：放进手机关掉 PIN。 The SIM card asks for its PIN: switch that off in a telephone."
PUK = "SIM 卡被锁（要 PUK 码）：找营业厅。 The SIM card is blocked (PUK): ask the operator's shop."
LOCKED = "调制解调器被锁定：找供应商解锁。 The modem is locked: ask who sold it."
STARTING = "调制解调器正在启动：等一分钟。 The modem is starting: wait a minute."
OFF = "调制解调器关着，网关正在打开它。 The modem is off; the gateway is switching it on."
DENIED = "运营商拒绝这张卡：可能停机，请查缴费。 The network refuses this card: has it been paid for?"
NO_NETWORK = "没有信号：检查天线，换个位置。 No network: check the antenna, try another place."
NO_VOICE = "这个调制解调器不能打电话：换一个。 This modem cannot call: take another."
NO_SMS = "这个调制解调器不能发短信：换一个。 This modem cannot send SMS: take another."
BARRED = (
    "网络不让打出：多半欠费或没开通，请查缴费，再试一次。 "
    "The network does not let us out: unpaid most likely, or not subscribed. Pay, then try once."
)
REJECTED = (
    "网络退回了短信：可能欠费，也可能内容被拦。 "
    "The network sent the message back: unpaid perhaps, or filtered for its words."
)
BUSY_NETWORK = "网络忙，短信没发出。 The network is busy; the message did not go out."
NO_SUCH_NUMBER = "没有这个号码：核对名册。 There is no such number: check the roster."
VANISHED = "调制解调器中途掉线：检查插头和供电。 The modem vanished on the way: check its plug and its power."
LEFT = "调制解调器服务中途停了，电话已断。 ModemManager went away on the way, and the call with it."
SILENT = "静默报警不在村里发出。 A silent alarm touches nothing in the village."


def of_modem(modem: Modem | None, imei: str, wanted: str) -> str:
    """ "" where an order can be tried. `wanted`: the interface that it needs, VOICE or MESSAGING."""
    if modem is None:
        return OTHER_MODEM.format(imei, imei) if imei else NO_MODEM
    state, registration = modem.state, modem.get(MODEM_3GPP, "RegistrationState", 1)
    reason, lock = modem.get(MODEM, "StateFailedReason", 0), modem.get(MODEM, "UnlockRequired", 0)
    if state == names.FAILED:
        return {names.SIM_MISSING: NO_SIM, names.SIM_ERROR: BAD_SIM}.get(reason, BROKEN)
    if state == names.LOCKED:
        return {names.SIM_PIN: PIN, names.SIM_PUK: PUK}.get(lock, LOCKED)
    if state in (names.UNKNOWN, names.INITIALIZING, names.ENABLING):
        return STARTING
    if state in (names.DISABLED, names.DISABLING):
        return OFF
    if registration in (names.DENIED, names.EMERGENCY_ONLY) or modem.get(VOICE, "EmergencyOnly", False):
        return DENIED
    if state < names.REGISTERED:
        return NO_NETWORK
    if wanted not in modem.properties:
        return NO_VOICE if wanted == VOICE else NO_SMS
    return ""


# The end of an error's D-Bus name, after names.ERROR.
_OF_ERROR = {
    "Core.Unauthorized": NOT_ALLOWED,
    "Core.WrongState": STARTING,
    "Core.NotFound": VANISHED,
    "MobileEquipment.CallBarred": BARRED,
    "MobileEquipment.OperatorDeterminedBarring": BARRED,
    "MobileEquipment.NotAllowed": BARRED,
    "MobileEquipment.NoNetwork": NO_NETWORK,
    "MobileEquipment.NetworkTimeout": NO_NETWORK,
    "MobileEquipment.NotAllowedEmergencyOnly": DENIED,
    "MobileEquipment.SimNotInserted": NO_SIM,
    "MobileEquipment.SimPin": PIN,
    "MobileEquipment.SimPuk": PUK,
    "Message.NotAllowed": BARRED,
    "Message.NoNetwork": NO_NETWORK,
    "Message.NetworkTimeout": NO_NETWORK,
    "Message.SimNotInserted": NO_SIM,
    "Message.SimPin": PIN,
    "Message.SimPuk": PUK,
    "Message.SmscAddressUnknown": (
        "SIM 卡里没有短信中心号码：找营业厅。 The card has no SMS centre's number: ask the operator's shop."
    ),
    "Serial.ResponseTimeout": NO_ANSWER,
}
_OF_BUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ChildExited": NO_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": LEFT,
    "org.freedesktop.DBus.Error.UnknownObject": VANISHED,
    "org.freedesktop.DBus.Error.UnknownMethod": VANISHED,  # what a bus says of a path that nobody has any more
    "org.freedesktop.DBus.Error.AccessDenied": NOT_ALLOWED,
}


# What the network itself says of a message (3GPP TS 24.011, annex E.2); ModemManager knows only the modem's own codes.
_CODE = re.compile(r"Unknown message error: (\d+)$")
_OF_NETWORK = {
    **dict.fromkeys((8, 10, 29, 50), BARRED),
    **dict.fromkeys((1, 28, 30), NO_SUCH_NUMBER),
    **dict.fromkeys((38, 41, 42, 47), BUSY_NETWORK),
    21: REJECTED,
}


def of_error(name: str, text: str) -> str:
    """A D-Bus error's name and its own words."""
    known = _OF_BUS.get(name) or _OF_ERROR.get(name.removeprefix(names.ERROR))
    if code := _CODE.search(text):
        known = _OF_NETWORK.get(int(code[1]), known)
    if not known and "PolicyKit" in text:  # it is not there to be asked
        known = NOT_ALLOWED
    return known or f"调制解调器说：{text[:60]}。 The modem said: {text[:60]} ({name.rpartition('.')[2]})."


def is_barred(words: str) -> bool:
    """Held against the card until something goes out again: no state of the modem shows it."""
    return words in (BARRED, REJECTED)
