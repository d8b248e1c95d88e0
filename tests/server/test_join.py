"""A box joins by a code that was read out over the telephone."""

import json
import secrets
import ssl
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from heartlamp_protocol import join
from heartlamp_server import config

from tests.server.county import WAIT_SECONDS, County, Gateway


def invited(county: County, gateway: str, *more: str) -> bytes:
    said = county.cli("gateway", "invite", gateway, *more, "--config", county.config).stdout
    return join.read_code(said.split("code")[1].strip())


def request(curve: Any = None) -> str:
    key = curve or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whatever it asks for")])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    ).decode()  # fmt: skip


class Stranger:
    """A box that nobody knows yet."""

    def __init__(self, county: County, secret: bytes) -> None:
        context = ssl.create_default_context(cafile=str(config.read(county.config).ca))
        self.http = httpx.Client(base_url=county.gateways, verify=context, timeout=WAIT_SECONDS)
        self.secret, self.token = secret, secrets.token_hex(32)

    def meet(self) -> httpx.Response:
        self.nonce = secrets.token_hex(16)
        asked = join.Meet(join.invite_name(self.secret), self.nonce)
        return self.http.post("/gateway/v1/meet", content=asked.to_json())

    def join(self, request: str, host: str = "192.168.8.2", key: bytes = b"") -> httpx.Response:
        said = join.Box(self.token, host, request).to_text()
        proof = join.gateway_proof(key or join.invite_key(self.secret), said)
        asked = join.Join(join.invite_name(self.secret), proof, said)
        return self.http.post("/gateway/v1/join", content=asked.to_json())


def names(certificate: str) -> list[str]:
    found = x509.load_pem_x509_certificate(certificate.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return [str(n.value) for n in found.value]


def test_a_box_learns_who_it_is_and_its_token_works(county: County) -> None:
    village = county.village()
    box = Stranger(county, invited(county, village.gateway))
    met = join.Met.from_json(box.meet().content)
    assert met.proof == join.county_proof(join.invite_key(box.secret), box.nonce, met.said)
    told = join.Village.from_text(met.said)
    assert (told.gateway, told.village, told.broker, told.host, told.port) == (
        village.gateway,
        village.name,
        f"{village.gateway}.heartlamp",
        "127.0.0.1",
        1,
    )
    signed = join.Certificate.from_json(box.join(request()).content).certificate
    x509.load_pem_x509_certificate(signed.encode()).verify_directly_issued_by(
        x509.load_pem_x509_certificate(told.ca.encode())
    )
    assert names(signed) == [f"{village.gateway}.heartlamp", "192.168.8.2"]
    assert Gateway(county, village.gateway, box.token).http.get("/gateway/v1/registry").status_code == 200
    # The box that was there before is out: there are never two.
    assert village.http.get("/gateway/v1/registry").status_code == 401


def test_the_power_went_before_the_answer_came_and_the_same_box_asks_again(county: County) -> None:
    village = county.village()
    box = Stranger(county, invited(county, village.gateway))
    assert box.join(request()).status_code == 200
    again = box.join(request())
    assert again.status_code == 200
    assert Gateway(county, village.gateway, box.token).http.get("/gateway/v1/registry").status_code == 200
    # But another box does not come in with it,
    other = Stranger(county, box.secret)
    refused = other.join(request())
    assert refused.status_code == 410
    assert "was used on" in refused.json()["error"]
    # nor this one, once another took its place.
    newer = Stranger(county, invited(county, village.gateway))
    assert newer.join(request()).status_code == 200
    assert box.join(request()).status_code == 410


def test_a_new_gateway_of_a_village_that_is_enrolled(county: County) -> None:
    village = county.village()
    gateway = f"gx{secrets.token_hex(3)}"
    box = Stranger(county, invited(county, gateway, "--village", village.name))
    told = join.Village.from_text(join.Met.from_json(box.meet().content).said)
    assert (told.gateway, told.village, told.host) == (gateway, village.name, "")
    assert box.join(request()).status_code == 200
    box.http.headers["Authorization"] = f"Bearer {box.token}"
    renewed = box.http.post("/gateway/v1/certificate", content=join.Renewal("10.0.0.9", request()).to_json())
    assert names(join.Certificate.from_json(renewed.content).certificate) == [f"{gateway}.heartlamp", "10.0.0.9"]


def test_a_code_that_is_wrong_old_or_of_somebody_revoked_says_so(county: County) -> None:
    village = county.village()
    strange = Stranger(county, b"\x01" * 10)
    assert (strange.meet().status_code, strange.join(request()).status_code) == (404, 404)
    first = Stranger(county, invited(county, village.gateway))
    box = Stranger(county, invited(county, village.gateway))
    assert first.meet().status_code == 404  # a newer code voids the older
    assert box.join(request(), key=b"k" * 32).status_code == 403
    county.sql("UPDATE invite SET expires_at = now() - interval '1 s' WHERE gateway = %s", village.gateway)
    for refused in (box.meet(), box.join(request())):
        assert (refused.status_code, "valid for 24 hours" in refused.json()["error"]) == (410, True)
    late = Stranger(county, invited(county, village.gateway))
    county.cli("gateway", "revoke", village.gateway, "--config", county.config)
    assert "was revoked" in late.meet().json()["error"]
    assert "was revoked" in county.cli(
        "gateway", "invite", village.gateway, "--config", county.config, check=False
    ).stderr  # fmt: skip


@pytest.mark.parametrize(
    ("gateway", "more", "why"),
    [
        ("NO", (), "no id of a gateway"),
        ("gwnobody1", ("--village", "没有这个村"), "0 villages"),
        ("gwnobody1", (), "--village"),
    ],
)
def test_an_invitation_that_makes_no_sense(county: County, gateway: str, more: tuple[str, ...], why: str) -> None:
    done = county.cli("gateway", "invite", gateway, *more, "--config", county.config, check=False)
    assert done.returncode == 1
    assert why in done.stderr


def test_a_request_that_is_none_is_refused_and_uses_nothing_up(county: County) -> None:
    village = county.village()
    box = Stranger(county, invited(county, village.gateway))
    bad = [box.join("no request"), box.join(request(rsa.generate_private_key(65537, 2048)))]
    bad += [box.join(request(ec.generate_private_key(ec.SECP384R1())))]
    assert [b.status_code for b in bad] == [400, 400, 400]
    assert all(b.json()["do"] for b in bad)
    assert box.http.post("/gateway/v1/join", content=b"x" * 20_000).status_code == 413
    for path in ("meet", "join"):
        assert box.http.post(f"/gateway/v1/{path}", content=b"[]").status_code == 400
    assert box.join(request()).status_code == 200


def test_a_new_token_voids_the_one_before_and_may_be_asked_for_twice(county: County) -> None:
    village = county.village()
    new = secrets.token_hex(32)
    asked = join.NewToken(new).to_json()
    assert village.http.post("/gateway/v1/token", content=asked).status_code == 200
    assert village.http.post("/gateway/v1/token", content=asked).status_code == 401
    box = Gateway(county, village.gateway, new)
    # The answer was lost: it comes under the new one, and nothing changes.
    assert box.http.post("/gateway/v1/token", content=asked).status_code == 200
    assert box.http.get("/gateway/v1/registry").status_code == 200
    # Nobody takes another gateway's.
    other = county.village()
    taken = other.http.post("/gateway/v1/token", content=asked)
    assert (taken.status_code, taken.json()["do"]) == (409, "choose a new one")
    assert other.http.get("/gateway/v1/registry").status_code == 200


def test_without_a_token_there_are_no_papers(county: County) -> None:
    box = Stranger(county, b"\x01" * 10)
    asked = join.Renewal("10.0.0.9", request()).to_json()
    assert box.http.post("/gateway/v1/certificate", content=asked).status_code == 401


def test_enrolling_again_leaves_a_joined_box_alone(county: County) -> None:
    village = county.village()
    box = Stranger(county, invited(county, village.gateway))
    assert box.join(request()).status_code == 200
    before = county.sql("SELECT count(*) FROM gateway_token WHERE gateway = %s", village.gateway)
    site = {"id": f"n{village.gateway}", "name": "三组 9号", "devices": []}
    document = {
        "county": {"name": "庆丰县", "code": "990101"},
        "villages": [
            {
                "name": village.name,
                "township": "城关镇",
                "gateway": village.gateway,
                "broker": {"host": "192.168.8.2", "port": 8883, "name": f"{village.gateway}.heartlamp"},
                "groups": [{"name": "三组", "sites": [site]}],
            }
        ],
    }
    assert county.enrol(json.loads(json.dumps(document))) == []
    assert county.sql("SELECT count(*) FROM gateway_token WHERE gateway = %s", village.gateway) == before
    assert Gateway(county, village.gateway, box.token).http.get("/gateway/v1/registry").status_code == 200


def test_a_code_is_read_as_people_type_it() -> None:
    secret = secrets.token_bytes(10)
    code = join.write_code(secret)
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    typed = (code.lower(), code.replace("-", " "), code.replace("0", "O").replace("1", "l"), code.replace("1", "I"))
    assert {join.read_code(t) for t in typed} == {secret}
    for bad, why in (("ABCD", "has 16"), ("U" * 16, "no code has U"), (code + "7", "this one has 17")):
        with pytest.raises(ValueError, match=why):
            join.read_code(bad)
