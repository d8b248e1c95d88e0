"""The fleet's list as a technician walks it. Pure."""

import json
from itertools import groupby
from typing import Any

TODO = {
    "offline": "offline: look at power and network",
    "battery_low": "battery low: change the cell",
    "no_drill": "no drill for 30 days: make one",
    "update_failed": "update failed: `heartlamp-tech update`",
    "clock_wrong": "clock wrong: look at its gateway",
    "tampered": "opened: look at its case",
    "stuck_key": "a key hangs: free or change it",
    "link_weak": "link weak: move it, or another lamp between",
}
SETTINGS = {
    "unable": "its program takes none by network: update it, or use the cable",
    "waits": "within a minute of its heartbeat, once no call or drill is on its lamp",
    "done": "it has them",
    "refused": "it refused them: what hangs on it cannot be set so",
}


def routed(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """By village, in the county's order of each."""
    ordered = sorted(rows, key=lambda row: (str(row["village_name"]), row.get("order") or 0))
    return [(name, list(group)) for name, group in groupby(ordered, lambda row: str(row["village_name"]))]


def seen(page: dict[str, Any]) -> list[str]:
    """The county's page of one device, as lines."""
    if page["revoked_at"]:
        state = f"ended {page['revoked_at'][:16]}"
    else:
        state = {True: "online", False: "offline", None: "not heard of yet"}[page["online"]]
    keys = ", ".join(
        f"{key['version']}{' ended' if key['revoked_at'] else ' waits for its first use' if key['pending'] else ''}"
        for key in page["keys"]
    )
    return [
        f"{page['device']}, {page['kind']}, at {page['site']} {page['site_name']} ({page['village_name']}): {state}",
        f"last seen {page['last_seen'] or '–'}, last drill {page['last_drill'] or '–'}, keys {keys}",
        *(f"to do: {TODO.get(code, code)}" for code in page["todo"]),
        *_settings(page["settings"]),
        *(f"{one['name']} {one['value']}" for one in page["reported"] if one["stands"]),
    ]


def _settings(wanted: dict[str, Any]) -> list[str]:
    """A key that waits for its first use is among them, and stands with the keys."""
    if wanted["state"] == "none":
        return []
    values = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in wanted["desired"].items())
    return [f"settings of the county {values or '(keys only)'}: {SETTINGS[wanted['state']]}"]
