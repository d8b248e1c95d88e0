"""The console is built against the server's contract of today."""

import json

import pytest

from tests.console.browse import ROOT

app = pytest.importorskip("heartlamp_server.app", reason="the server is not in this checkout yet")


def test_the_checked_in_contract_is_what_the_server_says() -> None:
    kept = json.loads((ROOT / "server" / "console" / "openapi.json").read_text(encoding="utf-8"))
    renew = "run `heartlamp-server openapi > server/console/openapi.json` and build the console"
    assert kept == app.openapi(), renew
