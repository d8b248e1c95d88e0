"""Who may touch Home Assistant's topics at our own broker, as Mosquitto's ACL. Pure.

The devices' topics stay theirs: `homeassistant` reads two trees that the gateway writes for it, and can say nothing.
"""

PUBLISHER, READER = "gateway-home-assistant", "homeassistant"  # no device's name: these have no key version
DISCOVERY, STATES = "homeassistant", "hl-ha/1"


def acl() -> list[str]:
    """Lines; the same while it is switched off: Home Assistant must still hear that everything is taken back."""
    lines = ["", f"user {PUBLISHER}", f"topic readwrite {DISCOVERY}/#", f"topic readwrite {STATES}/#"]
    return [*lines, "", f"user {READER}", f"topic read {DISCOVERY}/#", f"topic read {STATES}/#"]
