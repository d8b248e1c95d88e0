"""Settings as a firmware before store.py kept them: two files of JSON. Loaded where store.py finds none of its own."""

import json

from heartlamp.settings.fields import known, usable


def read(paths: "tuple[str, str]") -> "dict | None":
    """`paths`: of the settings and of the Wi-Fi. None where there are none that this firmware can use."""
    try:
        fields = known(_json(paths[0]))[0]
        try:
            fields["wifi"] = _json(paths[1])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return usable(fields)[0]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _json(path: str) -> dict:
    with open(path) as f:
        return json.load(f)
