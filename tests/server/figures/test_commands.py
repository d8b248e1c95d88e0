"""Figures at the command line."""

import openpyxl  # type: ignore[import-untyped]
import pytest
from heartlamp_server.figures import commands

from tests.server.county import County
from tests.server.figures.past import ACCEPTED, CLOSED, RANG, Desk, alarm
from tests.server.figures.test_figures import AUGUST, own


@pytest.mark.prove
def test_reports_and_recomputing_at_the_command_line(county: County) -> None:
    assert commands.__doc__
    desk = Desk(county)
    name, config, out = desk.village.name, ("--config", county.config), county.folder
    alarm(county, desk.village.sites[0], AUGUST, "fire", [RANG, ACCEPTED, CLOSED])
    done = county.cli("figures", "month", "2026-08", "--area", name, "--out", out / "m.xlsx", *config)
    assert "not locked" in done.stdout
    sheet = openpyxl.load_workbook(out / "m.xlsx")["月报"]
    assert [sheet["A6"].value, sheet["C6"].value] == ["警情数", 1]
    county.cli("figures", "month", "2026-08", "--area", name, "--out", out / "m.html", "--lang", "en", *config)
    assert "Not locked" in (out / "m.html").read_text()
    assert county.cli("figures", "brief", "--area", name, *config).stdout.startswith(f"{name}心灯每日一报")
    county.cli("figures", "form", out / "form.xlsx", *config)
    assert openpyxl.load_workbook(out / "form.xlsx")["月报"]["C6"].value == "{{alarms}}"
    county.cli("figures", "recompute", *config, check=False)
    again = county.cli("figures", "recompute", *config)
    assert " 0 facts differed" in again.stdout
    assert own(desk.who(), desk.areas["village"])["alarms"] == (1, None)
    for wrong in (("month", "2026-08", "--area", "无此村", "--out", out / "x.xlsx"), ("brief", "--day", "2199-01-01")):
        refused = county.cli("figures", *wrong, *config, check=False)
        assert refused.returncode == 1
        assert refused.stderr
