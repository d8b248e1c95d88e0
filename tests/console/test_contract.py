"""The console is built against the server's contract of today."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.console.browse import ROOT


@pytest.mark.skipif(find_spec("heartlamp_server.__main__") is None, reason="the server is not in this checkout yet")
def test_the_checked_in_contract_is_what_the_server_says() -> None:
    kept = json.loads((ROOT / "server" / "console" / "openapi.json").read_text(encoding="utf-8"))
    said = subprocess.run([sys.executable, "-m", "heartlamp_server", "openapi"], capture_output=True, check=True)
    renew = "run `heartlamp-server openapi > server/console/openapi.json` and build the console"
    assert kept == json.loads(said.stdout), renew


def test_each_form_of_the_contract_has_one_name() -> None:
    """Two models of one name are told apart by their modules' paths, and the console's types would follow them."""
    kept = json.loads((ROOT / "server" / "console" / "openapi.json").read_text(encoding="utf-8"))
    assert not [name for name in kept["components"]["schemas"] if "__" in name]
