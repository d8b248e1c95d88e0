"""Sizes and times that all tiers share. Times are milliseconds, sizes are bytes."""

VERSION = 1

FRAME_MAX = 1024  # device -> gateway
STATEMENT_MAX = 1024  # county -> device
PIECE_MAX = 4096  # bytes of a picture in one message
STILL_MAX = 262_144  # bytes of one picture
HOPS_MAX = 4  # from lamp to lamp by radio, until one has a line
DOWN_MAX = 4096  # gateway -> device, one MQTT payload; a lamp's RAM bounds it
CALLS_MAX = 6  # calls one lamp shows at a time: own first, then the newest; 6 x about 650 B fits DOWN_MAX
NAME_MAX = 48  # characters of a place's or a person's name on its way to a lamp
VALUES_MAX = 24  # values in one reading
INTEGER_MAX = 2**53 - 1  # every number on the wire fits a double, whoever parses it

UNKNOWN_AGE = -1  # an event of an earlier boot: flagged, never dropped

PULSE_MS = 10_000  # the gateway says "I am here" to every device
STALE_MS = 60_000  # a state that was not refreshed for this long is not shown as true
LINK_GRACE_MS = 5_000  # a session may be re-made this long before the lamp says so
SECOND_PATH_MS = 10_000  # no receipt for this long: the next path, and `shout or telephone`
