"""What the county says to set, over the network (docs/protocol.md, section 5). Pure.

As the cable's `set`, with fewer names: after a wrong Wi-Fi or address nobody would reach this device again, and a
consent is given and taken back at the house. `settings_ver` is kept with the settings themselves, in the same write:
it says which of the county's statements stands, below 0 where this device refused it, and makes a recording of an
older one mean nothing.
"""

from heartlamp.settings import serial

NAMES = ("kv", "lang", "sensors")


def answer(said: "dict[str, object]", view: serial.View) -> "tuple[dict[str, object], list[tuple[object, ...]]]":
    """As serial.answer(), of a statement; `ver` in the answer is what settings_ver is then. Without it nothing is to be
    done: it is not newer, or must be said again later."""
    before = view.fields or {}
    ver, wanted, known = said.get("ver"), said.get("set"), before.get("settings_ver", 0)
    done: "dict[str, object]" = {"id": said.get("id"), "ok": 1, "changed": []}
    if type(ver) is not int or type(known) is not int or ver <= abs(known):
        return done, []
    fields = before
    restart: "list[tuple[object, ...]]" = []
    try:
        if not isinstance(wanted, dict) or [name for name in wanted if name not in NAMES]:
            raise serial.Refused("this device is not told that by its county", "use the cable", field="set")
        if wanted:
            done["changed"], fields, restart = serial.changed(wanted, view)
    except serial.Refused as refused:
        if "held" in refused.more:
            return done, []  # what it holds goes out first, under the key in force
        ver = -ver
    after = dict(fields)
    after["settings_ver"] = done["ver"] = ver
    effects: "list[tuple[object, ...]]" = [("save", after)]
    return done, effects + restart
