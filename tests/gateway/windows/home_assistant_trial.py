"""Shows a village to a real Home Assistant and says what it saw; run by hand, because that is an installation of 1 GB:

    uv venv --python 3.13 /tmp/ha && uv pip install --python /tmp/ha/bin/python homeassistant paho-mqtt
    (and the `home-assistant-frontend` that its components/frontend/manifest.json names)
    python -m tests.gateway.windows.home_assistant_trial /tmp/ha/bin/hass

Ends with an AssertionError where an entity is not as it should be.
"""

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.gateway.rig.waiting import until
from tests.gateway.windows.home import PASSWORD, TABLE
from tests.gateway.windows.seen import Village, village
from tests.ports import free_port

ENTRY: dict[str, Any] = {
    "created_at": "2026-01-01T00:00:00+00:00",
    "modified_at": "2026-01-01T00:00:00+00:00",
    "disabled_by": None,
    "discovery_keys": {},
    "domain": "mqtt",
    "entry_id": "heartlamp",
    "minor_version": 2,
    "options": {},
    "pref_disable_new_entities": False,
    "pref_disable_polling": False,
    "source": "user",
    "subentries": [],
    "title": "mqtt",
    "unique_id": None,
    "version": 1,
}


class Hass:
    """One that starts with our broker as its MQTT integration."""

    def __init__(self, hass: str, folder: Path, seen: Village) -> None:
        self._hass, self._folder = hass, folder
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        self._token = ""
        (folder / ".storage").mkdir(parents=True)
        (folder / "configuration.yaml").write_text(
            f"http:\n  server_host: 127.0.0.1\n  server_port: {port}\napi:\nconfig:\n"
        )
        data = {
            "broker": "127.0.0.1",
            "port": seen.port,
            "username": "homeassistant",
            "password": PASSWORD,
            "certificate": seen.authority.ca.read_text(),
            "protocol": "3.1.1",
        }
        entries: dict[str, Any] = {"version": 1, "minor_version": 5, "key": "core.config_entries"}
        entries["data"] = {"entries": [ENTRY | {"data": data}]}
        (folder / ".storage/core.config_entries").write_text(json.dumps(entries))

    def start(self) -> subprocess.Popen[bytes]:
        add = [self._hass, "--script", "auth", "-c", str(self._folder), "add", "trial", "trial-trial"]
        subprocess.run(add, check=True, capture_output=True)
        with (self._folder / "hass.log").open("wb") as log:
            process = subprocess.Popen(
                [self._hass, "-c", str(self._folder), "--skip-pip"], stdout=log, stderr=log, cwd=self._folder
            )
        until("Home Assistant", self._answers, 90)
        client = f"{self._url}/"
        flow = self._ask("/auth/login_flow", client_id=client, handler=["homeassistant", None], redirect_uri=client)
        step = self._ask(
            f"/auth/login_flow/{flow['flow_id']}", client_id=client, username="trial", password="trial-trial"
        )
        form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": step["result"], "client_id": client})
        with urllib.request.urlopen(f"{self._url}/auth/token", form.encode(), timeout=10) as answer:
            self._token = json.loads(answer.read())["access_token"]
        return process

    def entities(self) -> dict[str, tuple[str, str]]:
        """Friendly name -> (state, device class), of ours."""
        found = {s["attributes"].get("friendly_name", ""): s for s in self._ask("/api/states")}
        ours = {name: s for name, s in found.items() if "组 " in name or name.startswith("柳树村")}
        return {name: (s["state"], s["attributes"].get("device_class", "")) for name, s in ours.items()}

    def shows(self, name: str, state: str) -> None:
        until(f"{name} {state}", lambda: self.entities().get(name, ("", ""))[0] == state, 20)
        print(f"{name}: {state}")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self._url}/auth/providers", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _ask(self, path: str, **fields: object) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        body = json.dumps(fields).encode() if fields else None
        request = urllib.request.Request(f"{self._url}{path}", body, headers | {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


def trial(hass: str) -> None:
    with village(TABLE) as seen, tempfile.TemporaryDirectory(prefix="hl-ha-") as folder:
        made = Hass(hass, Path(folder), seen)
        process = made.start()
        try:
            lamp2, lamp9, button, hush = (seen.device(id) for id in ("lamp2", "lamp9", "butt7", "hush7"))
            lamp2.read(mains=0, battery_low=1, rssi_dbm=-60, battery_mv=3700)
            made.shows("三组 2号 心灯 lamp2 电池电压", "3700")
            made.shows("三组 2号 心灯 lamp2 市电", "off")
            made.shows("三组 9号 心灯 lamp9 在线", "on")
            made.shows("柳树村 村网关 与县里的联系", "on")
            print(f"{len(made.entities())} entities")
            before = made.entities()
            hush.is_received(hush.press("silent"))
            press = button.press()
            made.shows("三组 7号 按钮 butt7 警情", "on")
            changed = {name for name, state in made.entities().items() if state != before.get(name)}
            assert changed <= {f"三组 7号 {each} 警情" for each in ("按钮 butt7", "心灯 lamp7")}, changed
            seen.county.incident(press, "s7", "panic", (press,), 1, "closed", "", ["lamp7"])
            made.shows("三组 7号 按钮 butt7 警情", "off")
            lamp9.vanish()
            made.shows("三组 9号 心灯 lamp9 在线", "off")
            made.shows("三组 9号 心灯 lamp9 电池电压", "unavailable")
            seen.county.registry = seen.registry(2, without="lamp1")
            seen.county.command({"kind": "registry", "version": 2})
            until("lamp1 vanishes", lambda: not any("lamp1" in name for name in made.entities()), 20)
            print("a device that left has vanished")
            seen.gateway.kill()
            until("all unavailable", lambda: {s for s, _ in made.entities().values()} == {"unavailable"}, 20)
            print("the gateway was killed: all unavailable")
            seen.config.write_text(seen.config.read_text().replace("on = true", "on = false"))
            seen.gateway.start()
            until("nothing of ours", lambda: not made.entities(), 30)
            print("switched off: all vanished")
        finally:
            process.terminate()
            process.wait(30)
            for line in (Path(folder) / "hass.log").read_text(errors="replace").splitlines():
                if "mqtt" in line and ("ERROR" in line or "WARNING" in line):
                    print(line)


if __name__ == "__main__":
    trial(sys.argv[1])
