"""Which parts each kind of device runs. A kind loads the code of its own parts and no other's."""

PARTS = {
    "button": ("keys", "light"),
    "silent": ("keys",),  # no light, no sound: nothing at the site tells of it
    "lamp": ("keys", "light"),
    "camera": ("keys", "light"),
    "smoke": ("contacts", "keys", "light"),
    "gas": ("contacts", "keys", "light"),
    "flood": ("contacts", "keys", "light"),
    "door": ("contacts",),
    "temperature": (),
    "slope": (),
}


def load(folder: str, name: str, what: str):
    """The class `what` of heartlamp/<folder>/<name>.py."""
    return getattr(__import__("heartlamp.%s.%s" % (folder, name), None, None, (what,)), what)
