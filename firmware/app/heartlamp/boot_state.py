"""rules/boot.py's state in NVS, one blob: written whole or not at all. A device without NVS, or with a broken one,
starts the rom copy and alarms."""

from heartlamp.rules import boot

KEY = "boot"
UPDATE = "update"  # {"id","size","slot"} of the bundle under way
MOST = 512


def load(nvs) -> boot.State:
    return boot.read(get(nvs, KEY))


def save(nvs, state: boot.State) -> bool:
    """False where it could not be stored."""
    return put(nvs, KEY, boot.write(state))


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
