"""ESP32's NVS. Never run by the tests; hal/unix/nvs.py has the same methods and the same errors.

The chip writes each value whole or not at all; a value that is unchanged is not written again.
"""

from esp32 import NVS


class Nvs:
    """One namespace. `writes`: values written or erased since the start, those of unchanged ones too: wear at most."""

    def __init__(self, space: str) -> None:
        self._nvs = NVS(space)
        self.get_i32 = self._nvs.get_i32
        self.get_blob = self._nvs.get_blob
        self.commit = self._nvs.commit
        self.writes = 0

    def set_i32(self, key: str, value: int) -> None:
        self.writes += 1
        self._nvs.set_i32(key, value)

    def set_blob(self, key: str, value) -> None:
        self.writes += 1
        self._nvs.set_blob(key, value)

    def erase_key(self, key: str) -> None:
        self._nvs.erase_key(key)  # raises OSError where there is none
        self.writes += 1
