"""rules/boot.py's state in NVS: a blob, written whole or not at all, and apart from it the starts in a row that did not
get healthy. A device without NVS, or with a broken one, starts the copy rom and alarms.

The rules are loaded where they are needed: a device in its everyday life needs no RAM for them.
"""

KEY = "boot"
STARTS = "starts"
UPDATE = "update"  # {"id","size","slot"} of the bundle under way
MOST = 512


def load(nvs) -> "boot.State":  # noqa: F821
    from heartlamp.rules import boot

    state = boot.read(get(nvs, KEY))
    try:
        state.starts = nvs.get_i32(STARTS) if nvs is not None else 0
    except OSError:
        pass
    return state


def save(nvs, state: "boot.State") -> bool:  # noqa: F821
    """False where it could not be stored. The starts come first: a cut between the two counts one wrong, no more."""
    from heartlamp.rules import boot

    if nvs is None:
        return False
    try:
        nvs.set_i32(STARTS, state.starts)
    except OSError:
        return False
    return put(nvs, KEY, boot.write(state))


def settle(nvs) -> None:
    """This start was a good one, or safe mode may be left."""
    try:
        if nvs is not None and nvs.get_i32(STARTS):
            nvs.set_i32(STARTS, 0)
            nvs.commit()
    except OSError:
        pass  # never counted


def get(nvs, key: str) -> "bytes | None":
    if nvs is None:
        return None
    buffer = bytearray(MOST)
    try:
        return bytes(buffer[: nvs.get_blob(key, buffer)])
    except OSError:
        return None


def put(nvs, key: str, data: bytes) -> bool:
    if nvs is None:
        return False
    try:
        nvs.set_blob(key, data)
        nvs.commit()
        return True
    except OSError:
        return False


def erase(nvs, key: str) -> None:
    if get(nvs, key) is None:
        return
    try:
        nvs.erase_key(key)
        nvs.commit()
    except OSError:
        pass
