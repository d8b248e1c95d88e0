"""Why a device refused an update: a number in its heartbeat, as `update_refused`. refusals.py has the texts."""

SIGNATURE = 1
BOARD = 2
KIND = 3
TOO_OLD = 4
ROLLED_BACK = 5
TRUNCATED = 6
DAMAGED = 7
NO_ROOM = 8
MICROPYTHON = 9
MALFORMED = 10
TOO_FAR = 11
NO_KEY = 12
