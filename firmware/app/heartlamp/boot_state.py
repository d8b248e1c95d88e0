"""What a start has to know, in NVS: each a blob, written whole or not at all. A device without NVS, or with a broken
one, starts the copy rom and alarms. The state itself: update/state.py.
"""

STARTS = "starts"  # in a row that did not get healthy
UPDATE = "update"  # {"id","size","slot"} of the bundle under way
MOST = 512


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
