"""Which parts each kind of device runs. What is not in parts/every.py is loaded by name, and no other kind's is."""

_EVERY = ("vitals", "tamper")
PARTS = {
    "button": ("battery", "keys", "light", "sleep") + _EVERY,
    "silent": ("battery", "keys", "sleep") + _EVERY,  # no light, no sound: nothing at the site tells of it
    "lamp": ("keys", "light", "sound", "mains", "carry") + _EVERY,
    "camera": ("keys", "light", "sound", "pictures", "camera", "mains", "carry") + _EVERY,
    "smoke": ("contacts", "keys", "light", "mains") + _EVERY,
    "gas": ("contacts", "keys", "light", "mains") + _EVERY,
    "flood": ("contacts", "keys", "light", "mains") + _EVERY,
    "door": ("contacts", "mains") + _EVERY,
    "temperature": ("probes", "keys", "light", "mains") + _EVERY,
    "slope": ("probes", "mains") + _EVERY,
}
ALWAYS = ("recessed", "slot", "update")
RISKY = ("camera", "pictures", "sound", "update")  # left out in safe mode, after repeated crashes: no alarm needs them


def names(kind: str, safe: bool, carries: bool) -> "list[str]":
    """Of the parts that a device of this kind runs. `carries`: there is somebody whom it may carry."""
    return [name for name in PARTS[kind] + ALWAYS if not (safe and name in RISKY) and (name != "carry" or carries)]


def load(folder: str, name: str, what: str):
    """The class `what` of heartlamp/<folder>/<name>.py."""
    return getattr(__import__("heartlamp.%s.%s" % (folder, name), None, None, (what,)), what)
