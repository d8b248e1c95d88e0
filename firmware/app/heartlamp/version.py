"""What this firmware is. `make firmware` writes it into the bundle's manifest, the heartbeat says it.

Versions are numbers that compare: 10000 x major + 100 x minor + patch.
"""

VERSION = 100  # 0.1.0
MIN_VERSION = 0  # a device that runs an older one must take a step between
MICROPYTHON = 12500  # the oldest that runs it; 1.27 where an ESP32-C3 is to wake by a key (detected, never assumed)
