"""rules/boot.py's state in NVS: a blob, and apart from it the starts in a row that did not get healthy. Loaded by who
starts a device or changes what starts: in its everyday life it needs no RAM for it.
"""

from heartlamp.boot_state import STARTS, get, put
from heartlamp.rules import boot

KEY = "boot"


def load(nvs) -> boot.State:
    state = boot.read(get(nvs, KEY))
    try:
        state.starts = nvs.get_i32(STARTS) if nvs is not None else 0
    except OSError:
        pass
    return state


def save(nvs, state: boot.State) -> bool:
    """False where it could not be stored. The starts come first: a cut between the two counts one wrong, no more."""
    if nvs is None:
        return False
    try:
        nvs.set_i32(STARTS, state.starts)
    except OSError:
        return False
    return put(nvs, KEY, boot.write(state))
