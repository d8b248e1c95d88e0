"""What an SMS says. Pure."""

from heartlamp_gateway.outputs.adapter import Order

UCS2_MAX, GSM_MAX = 70, 160  # characters of one segment
WHATS = {
    "panic": ("求助", "help needed"),
    "fire": ("着火", "fire"),
    "gas": ("燃气泄漏", "gas leak"),
    "flood": ("进水", "flood"),
    "slope": ("山坡险情", "slope moving"),
    "test": ("测试", "test"),
}


def text(order: Order) -> str:
    """One segment, with what no phone may cut off at its ends: what, where, and how to answer. A place too long for it
    loses its end."""
    chinese, english = WHATS.get(order.what, ("求助", "help needed"))
    if order.what == "test":
        parts = ("心灯测试：", "，不用去。") if _is_chinese(order) else ("Heart-Lamp test: ", ". No need to go.")
    elif _is_chinese(order):
        parts = ("【演练】" if order.drill else "心灯报警：", f" {chinese}！能去回1，不能去回2。")
    else:
        parts = ("DRILL. " if order.drill else "Heart-Lamp: ", f", {english}. Reply 1 = I go, 2 = I cannot.")
    room = (GSM_MAX if _fits_gsm("".join((*parts, order.place))) else UCS2_MAX) - len("".join(parts))
    place = order.place if len(order.place) <= room else order.place[: max(0, room - 1)] + "…"
    return place.join(parts)


def _is_chinese(order: Order) -> bool:
    return not order.lang or order.lang.startswith("zh")


def _fits_gsm(said: str) -> bool:
    """Plain ASCII without what GSM 03.38 writes as two or not at all."""
    return said.isascii() and not set(said) & set("[]{}\\^|~`")
