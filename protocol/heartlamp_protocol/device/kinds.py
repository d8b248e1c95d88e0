"""The kinds of household device, and how often each says that it lives: one constant per kind of supply.

Which parts of the firmware a kind runs stands in
firmware/app/heartlamp/kinds.py.
"""

BATTERY_MS = 4 * 3600 * 1000
MAINS_MS = 30_000

KINDS = {
    "button": BATTERY_MS,  # a panic button
    "silent": BATTERY_MS,  # a silent button: no light, sound or answer at the site
    "lamp": MAINS_MS,  # the heart-lamp
    "camera": MAINS_MS,  # a heart-lamp that takes a still at its own site's alarm
    "smoke": MAINS_MS,  # a certified detector's contact
    "gas": MAINS_MS,  # a certified detector's contact
    "flood": MAINS_MS,  # water on the floor
    "door": MAINS_MS,  # a door's contact: a reading, no alarm
    "temperature": MAINS_MS,  # a thermometer that knows a fire by its rise
    "slope": MAINS_MS,  # rain and tilt above houses
}
LAMPS = ("lamp", "camera")  # these show calls


def heartbeat_ms(kind: str) -> int:
    """Milliseconds between two heartbeats of a device of this kind."""
    return KINDS.get(kind, MAINS_MS)
