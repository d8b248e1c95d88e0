"""server.toml: what is wrong with it is said for people."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_server import config


def made(folder: Path, *more: str) -> Path:
    subprocess.run([sys.executable, "-m", "heartlamp_server", "init", "--dir", folder, *more], check=True)
    return folder / "server.toml"


def test_what_init_writes_can_be_read(tmp_path: Path) -> None:
    read = config.read(made(tmp_path, "--gateway-port", "20001", "--console-port", "20002"))
    assert (read.gateway.port, read.console.port, read.gateway.host, read.console.host) == (
        20001, 20002, "127.0.0.1", "127.0.0.1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("port = 20002", "port = 20001", "gateways and console cannot both have port 20001"),
        ("[console]", "[screens]", "not complete: 'console'"),
        ("port = 20002", "port = many", "not complete: "),
        ("port = 20002", 'port = "many"', "not complete: "),
        ("[console]", "console = 7\n[x]", "not complete: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, reason: str) -> None:
    file = made(tmp_path, "--gateway-port", "20001", "--console-port", "20002")
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    with pytest.raises(config.ConfigError, match=reason):
        config.read(file)


def test_two_addresses_may_share_a_port(tmp_path: Path) -> None:
    file = made(tmp_path, "--gateway-port", "443", "--console-port", "443", "--host", "10.0.0.5")
    assert config.read(file).gateway.host == "10.0.0.5"
    file.write_text(file.read_text().replace('"10.0.0.5"', '"0.0.0.0"'))
    with pytest.raises(config.ConfigError, match="both have port 443"):
        config.read(file)


def test_no_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="`heartlamp-server init` makes one"):
        config.read(tmp_path / "server.toml")


INFLUX = '[telemetry]\nstore = "influx"\nurl = "http://127.0.0.1:8086/"\nbucket = "county/autogen"\ntoken_file = "t"\n'


def with_telemetry(folder: Path, text: str) -> Path:
    file = made(folder)
    file.write_text(file.read_text().partition("[telemetry]")[0] + text)
    return file


def test_readings_are_in_postgresql_unless_told_otherwise(tmp_path: Path) -> None:
    assert config.read(made(tmp_path)).telemetry == config.Telemetry(90, None)
    assert config.read(with_telemetry(tmp_path, "")).telemetry == config.Telemetry(90, None)


def test_readings_in_influxdb(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("duty:secret\n")
    read = config.read(with_telemetry(tmp_path, INFLUX)).telemetry
    assert read.influx == config.Influx("http://127.0.0.1:8086", "county/autogen", "county", "", "duty:secret")
    assert "secret" not in repr(read), "no log shows it"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[telemetry]\ndays = 30\n", "telemetry.days must be 31 or more"),
        ("[telemetry]\ndays = 9999\n", "telemetry.days must be a whole number"),
        ('[telemetry]\nstore = "csv"\n', 'must be "postgresql" or "influx"'),
        ('[telemetry]\nstore = "influx"\n', "not complete: 'bucket'"),
        (INFLUX.replace("http://", "ftp://"), "must begin with http"),
        (INFLUX.replace('token_file = "t"', 'buffer_mb = "much"'), "not complete"),
        (INFLUX, "names a file that cannot be read"),  # its token_file is not there
    ],
)
def test_what_is_wrong_with_where_readings_are_kept_is_said(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(config.ConfigError, match=re.escape(reason)):
        config.read(with_telemetry(tmp_path, text))
