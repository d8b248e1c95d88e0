"""Enrolment: again changes nothing, and a bad row spoils nothing else."""

import asyncio
import json
import ssl
import stat
import tomllib
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography import x509
from heartlamp_server.device import renew
from heartlamp_server.device.enrol import write_secret

from tests.server.county import WAIT_SECONDS, County


def document(gateway: str = "gwenrol1") -> dict[str, Any]:
    site = {"id": f"e1{gateway}", "name": "一组 1号", "devices": [{"id": f"lamp{gateway}", "kind": "lamp"}]}
    broker = {"host": "127.0.0.1", "port": 8883, "name": f"{gateway}.heartlamp"}
    village = {
        "code": "990101001001",
        "name": f"村{gateway}",
        "township": "城关镇",
        "gateway": gateway,
        "broker": broker,
        "groups": [{"name": "一组", "sites": [site]}],
    }
    return {"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_a_gateway_and_a_device_are_started_with(county: County) -> None:
    assert county.enrol(document("gwfiles")) == []
    place = county.out / "gateways/gwfiles"
    fields = tomllib.loads((place / "gateway.toml").read_text())
    assert set(fields) == {"id", "name", "county_url", "county_ca", "token_file", "data_dir", "broker"}
    assert set(fields["broker"]) == {"host", "port", "name", "cert", "key", "ca"}
    assert len(Path(fields["token_file"]).read_text().strip()) == 64
    assert stat.S_IMODE(Path(fields["token_file"]).stat().st_mode) == 0o600
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(fields["broker"]["cert"], fields["broker"]["key"])
    certificate = x509.load_pem_x509_certificate(Path(fields["broker"]["cert"]).read_bytes())
    authority = x509.load_pem_x509_certificate(Path(fields["broker"]["ca"]).read_bytes())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gwfiles.heartlamp"]
    device = json.loads((county.out / "devices/lampgwfiles.json").read_text())
    assert set(device) == {"dev", "kind", "kv", "root", "host", "port", "server_name", "ca", "links"}
    assert (device["kv"], len(device["root"])) == (1, 64)


def test_enrolling_again_changes_nothing(county: County) -> None:
    county.enrol(document("gwagain"))
    before = files(county.out)
    version = county.sql("SELECT registry FROM gateway WHERE id = 'gwagain'")
    assert county.enrol(document("gwagain")) == []
    assert files(county.out) == before
    assert county.sql("SELECT registry FROM gateway WHERE id = 'gwagain'") == version


def test_a_county_that_a_table_put_below_its_city_is_the_same_one(county: County, tmp_path: Path) -> None:
    table = tmp_path / "areas.csv"
    table.write_text("区划代码,名称,级别\n9902,沙市,市\n990201,沙县,县\n990201001,沙镇,乡镇\n990201001001,柳树村,村\n")
    county.cli("import", "areas", table, "--config", county.config)
    plan = document("gwcity")
    plan["county"] = {"name": "沙县", "code": "990201"}
    plan["villages"][0] |= {"code": "990201001001", "name": "柳树村", "township": "沙镇"}
    assert county.enrol(plan) == []
    assert county.sql("SELECT level FROM area WHERE code IN ('990201', '990201001001') ORDER BY level") == [
        ("county",),
        ("village",),
    ]
    (path,) = county.sql(
        "SELECT c.code, v.code FROM site s JOIN area g ON g.id = s.area JOIN area v ON v.id = g.parent "
        "JOIN area t ON t.id = v.parent JOIN area c ON c.id = t.parent WHERE s.id = 'e1gwcity'"
    )
    assert path == ("990201", "990201001001")


def test_lost_files_are_written_again_with_the_same_secret(county: County) -> None:
    county.enrol(document("gwlost"))
    file = county.out / "devices/lampgwlost.json"
    before = file.read_bytes()
    file.unlink()
    county.enrol(document("gwlost"))
    assert file.read_bytes() == before


def test_bad_rows_say_why_and_spoil_nothing_else(county: County) -> None:
    bad = document("gwbad")
    sites = bad["villages"][0]["groups"][0]["sites"]
    sites[0]["devices"] += [{"id": "X!", "kind": "lamp"}, {"id": "okdevice", "kind": "toaster"}, 5]
    sites += [{"id": "x" * 61, "name": "a gateway would refuse its whole list for this id"}]
    sites += [{"name": "no id"}, "text", {"id": "gwbadx", "name": "一组 2号", "devices": "none"}]
    bad["villages"] += [{"name": "无镇"}, {"name": "坏", "township": "t", "gateway": "NO"}, 7]
    problems = county.enrol(bad)
    assert len(problems) == 10
    assert any("villages[0] groups[0] sites[0] devices[1]" in p and "'X!'" in p for p in problems)
    assert county.sql("SELECT count(*) FROM device WHERE site LIKE '%%gwbad'") == [(1,)]
    assert county.sql("SELECT count(*) FROM site WHERE id = 'gwbadx'") == [(1,)]


def test_what_cannot_be_seen_comes_into_no_name(county: County) -> None:
    odd = document("gwodd")
    odd["villages"][0]["groups"][0]["sites"][0] |= {"name": "\u202e一组\n 1号\x85", "landmark": "\u2067\0"}
    assert county.enrol(odd) == []
    assert county.sql("SELECT name, landmark FROM site WHERE id = 'e1gwodd'") == [("一组 1号", "")]
    odd["villages"][0]["groups"][0]["sites"][0]["name"] = "\u200e"
    assert len(county.enrol(odd)) == 1


def test_what_is_elsewhere_already_stays_there(county: County) -> None:
    county.enrol(document("gwfirst"))
    second = document("gwsecond")
    second["villages"][0]["groups"][0]["sites"][0]["devices"].append({"id": "lampgwfirst", "kind": "lamp"})
    problems = county.enrol(second)
    assert ["lampgwfirst" in p for p in problems] == [True]
    assert county.sql("SELECT site FROM device WHERE id = 'lampgwfirst'") == [("e1gwfirst",)]


def test_a_revoked_device_does_not_come_back_by_enrolling(county: County) -> None:
    county.enrol(document("gwrev"))
    county.cli("device", "revoke", "lampgwrev", "--config", county.config)
    assert any("revoked" in p for p in county.enrol(document("gwrev")))
    assert county.sql("SELECT revoked_at IS NOT NULL FROM device WHERE id = 'lampgwrev'") == [(True,)]


def test_a_gateway_gets_a_new_token_and_its_old_one_is_refused(county: County, tmp_path: Path) -> None:
    village = county.village()
    down = village.down()
    words = ("gateway", "token", village.gateway, "--config", county.config, "--out")
    said = county.cli(*words, county.out).stdout
    file = county.out / "gateways" / village.gateway / "token"
    assert str(file) in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in file.parent.glob("token*")] == ["token"]
    assert down.ended(WAIT_SECONDS)
    assert village.http.get("/gateway/v1/registry").status_code == 401
    village.http.headers["Authorization"] = f"Bearer {file.read_text().strip()}"
    press = village.keys[0].press()
    assert village.send(press)[0].verdict == "received"
    (tmp_path / "gateways").write_text("no folder")
    assert county.cli(*words, tmp_path, check=False).returncode == 1
    assert village.send(press)[0].verdict == "duplicate"  # the token still holds
    county.cli("gateway", "revoke", village.gateway, "--config", county.config)
    refused = county.cli(*words, county.out, check=False)
    assert (refused.returncode, "was revoked" in refused.stderr) == (1, True)
    unknown = county.cli("gateway", "token", "gwnone", *words[3:], county.out, check=False)
    assert (unknown.returncode, "not known" in unknown.stderr) == (1, True)


def test_a_token_that_cannot_be_put_in_its_place_is_found_beside_it(county: County, tmp_path: Path) -> None:
    village = county.village()
    place = tmp_path / "gateways" / village.gateway
    (place / "token" / "in the way").mkdir(parents=True)  # nothing is renamed over a folder
    words = ("gateway", "token", village.gateway, "--config", county.config, "--out", tmp_path)
    failed = county.cli(*words, check=False)
    assert failed.returncode == 1
    (new,) = place.glob("token.*.new")
    assert str(new) in failed.stderr
    assert "Traceback" not in failed.stderr
    assert village.http.get("/gateway/v1/registry").status_code == 401
    village.http.headers["Authorization"] = f"Bearer {new.read_text().strip()}"
    assert village.http.get("/gateway/v1/registry").status_code == 200


def test_no_row_is_locked_while_a_new_token_is_written(
    county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = county.village()
    verdicts = []

    def write_slowly(file: Path, text: str) -> None:
        """A disk at which everything else has its turn first: a press, and the command that it becomes."""
        verdicts.extend(village.send(village.keys[0].press()))
        write_secret(file, text)

    village.http.timeout = httpx.Timeout(3.0)
    monkeypatch.setattr(renew, "write_secret", write_slowly)

    async def work() -> Path:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await renew.renew_token(conn, village.gateway, tmp_path, "cli:test")

    file = asyncio.run(work())
    assert [v.verdict for v in verdicts] == ["received"]
    assert [f.name for f in file.parent.iterdir()] == ["token"]


def test_a_void_token_in_the_folder_makes_way_for_a_new_one(county: County, tmp_path: Path) -> None:
    county.enrol(document("gwvoid"))
    file = county.out / "gateways/gwvoid/token"
    void = file.read_text()
    county.cli("gateway", "token", "gwvoid", "--config", county.config, "--out", tmp_path)
    elsewhere = (tmp_path / "gateways/gwvoid/token").read_text()
    assert file.read_text() == void
    assert county.enrol(document("gwvoid")) == []
    again = file.read_text()
    assert again not in (void, elsewhere)
    for token, status in ((void, 401), (elsewhere, 200), (again, 200)):
        headers = {"Authorization": f"Bearer {token.strip()}"}
        reply = httpx.get(
            f"{county.gateways}/gateway/v1/registry",
            headers=headers,
            verify=ssl.create_default_context(cafile=str(file.with_name("ca.pem"))),
        )
        assert reply.status_code == status
    assert county.enrol(document("gwvoid")) == []
    assert file.read_text() == again


def test_a_name_of_nothing_that_can_be_seen_is_no_name(county: County) -> None:
    blank = document("gwblank")
    blank["villages"][0]["groups"][0]["sites"][0]["name"] = "\u3164\u2800"
    problems = county.enrol(blank)
    assert ["name is missing" in p for p in problems] == [True]
    assert county.sql("SELECT count(*) FROM site WHERE id = 'e1gwblank'") == [(0,)]
    assert len(county.enrol(blank | {"county": {"name": "\u00ad\u2060"}})) == 1
    for name in ("", "\u3164", "wang\u200b"):
        refused = county.cli("user", "add", name, "--config", county.config, check=False)
        assert (refused.returncode, "no name" in refused.stderr) == (1, True)


def test_no_document_at_all_is_said(county: County) -> None:
    nothings: list[Any] = [None, [], {}, {"county": {}}, "text"]
    for nothing in nothings:
        assert len(county.enrol(nothing)) == 1


def test_the_command_line_says_what_is_wrong(county: County, tmp_path: Path) -> None:
    missing = county.cli("run", "--config", tmp_path / "none.toml", check=False)
    assert missing.returncode == 1
    assert "init" in missing.stderr
    assert county.cli("device", "revoke", "nobody", "--config", county.config, check=False).returncode == 1
    (tmp_path / "bad.json").write_text("{")
    bad = county.cli(
        "enrol", "--config", county.config, "--file", tmp_path / "bad.json", "--out", tmp_path, check=False
    )
    assert bad.returncode == 1
    assert "Traceback" not in bad.stderr
