"""Images for the browser's page: the county's own, whole, and for technicians only."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from heartlamp_server.fleet import flash_routes
from heartlamp_server.fleet.images import listed, manifest
from heartlamp_server.responder.gate import Gate
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant, scope
from starlette.requests import Request

IMAGE = b"\xe9" + bytes(range(256)) * 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"file": "old.bin", "chip": "esp32s3", "sha256": "0" * 64, "size": 1},
        {"file": "esp32.bin", "chip": "esp32", "sha256": sha256(IMAGE).hexdigest(), "size": len(IMAGE)},
        {"file": "../secret.key", "chip": "esp32", "sha256": "0" * 64, "size": 1},
    ]
    (tmp_path / "images.json").write_text(json.dumps(rows))
    (tmp_path / "esp32.bin").write_bytes(IMAGE)
    (tmp_path / "old.bin").write_bytes(b"cut off")
    return tmp_path


class Known(Gate):
    """Everybody is who this test says."""

    def __init__(self, role: str) -> None:
        self._role = role

    async def scope(self, request: Request):  # type: ignore[no-untyped-def]
        return scope(Person("t", "技术员"), (Grant(self._role),), 1, True)


def page(folder: Path | None, role: str = "technician") -> Iterator[httpx.Client]:
    app = FastAPI()
    app.include_router(flash_routes.router(Known(role), folder), prefix="/api")
    with TestClient(app) as client:
        yield client


def test_an_image_is_given_out_whole_with_where_it_goes(folder: Path) -> None:
    [client] = page(folder)
    assert [i["file"] for i in client.get("/api/flash").json()["images"]] == ["esp32.bin", "old.bin"]
    said = client.get("/api/flash/esp32.bin/manifest").json()
    assert said["builds"] == [{"chipFamily": "ESP32", "parts": [{"path": "image", "offset": 0x1000}]}]
    assert client.get("/api/flash/esp32.bin/image").content == IMAGE


def test_a_damaged_or_foreign_one_is_not(folder: Path) -> None:
    [client] = page(folder)
    assert client.get("/api/flash/old.bin/image").status_code == 409
    assert client.get("/api/flash/secret.key/image").status_code == 404
    assert client.get("/api/flash/..%2Fsecret.key/image").status_code in (404, 422)
    [denied] = page(folder, "volunteer")
    assert denied.get("/api/flash").status_code == 403
    assert denied.get("/api/flash/esp32.bin/image").status_code == 403


def test_a_county_without_images_has_none(tmp_path: Path) -> None:
    [client] = page(None)
    assert client.get("/api/flash").json() == {"images": []}
    (tmp_path / "images.json").write_text("not a list")
    assert listed(tmp_path) == []


def test_what_begins_at_zero(folder: Path) -> None:
    [image] = [i for i in listed(folder) if i.chip == "esp32s3"]
    assert manifest(image)["builds"] == [{"chipFamily": "ESP32-S3", "parts": [{"path": "image", "offset": 0}]}]
