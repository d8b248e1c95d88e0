"""The log as one object a line."""

import json
import subprocess
import sys
from pathlib import Path

from tests.gateway.rig.village import Rig


def test_each_line_is_an_object_that_names_the_event(tmp_path: Path) -> None:
    rig = Rig(tmp_path, (sys.executable, "-m", "heartlamp_gateway", "run", "--log", "json", "--config"))
    try:
        rig.broker.start()
        rig.gateway.start()
        rig.gateway.says("devices at")
        rig.gateway.says("gateway-alarms: session")
        button = rig.device("butt7")
        press = button.press()
        button.is_received(press)
        other = button.frames[press].replace(b'"seq":', b'"x":0,"seq":')
        button.publish("event", other)
        rig.gateway.says("other bytes")
        lines = [json.loads(line) for line in rig.gateway.log.read_text().splitlines()]
    finally:
        rig.close()
    assert all({"time", "up_ms", "level", "gateway", "thread", "message"} <= line.keys() for line in lines)
    (found,) = [line for line in lines if "other bytes" in line["message"]]
    assert (found["level"], found["event"], found["device"]) == ("warning", press, "butt7")
    assert found["gateway"] == "gwliu1"


def test_an_unexpected_end_is_one_object_too() -> None:
    code = """
from heartlamp_gateway.say import thread, to_stderr
to_stderr("gwliu1", "json")
def work(): raise RuntimeError("boom")
each = thread("work", work)
each.start()
each.join()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert line["level"] == "critical"
    assert "RuntimeError: boom" in line["traceback"]


def test_the_text_is_as_before() -> None:
    code = """
from heartlamp_gateway.say import about, log, to_stderr
to_stderr("gwliu1")
log.warning("%s came again", "e", extra=about("e", device="d"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.stderr == "gwliu1 WARNING e came again\n"
