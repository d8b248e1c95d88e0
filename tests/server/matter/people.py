"""A township with one village, and one person for each role that has to do with matters."""

import secrets
from typing import Any

import httpx
from heartlamp_server.matter.catalogue import shipped
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody

LAMP, ROAD, DISPUTE = "S02", "E01", "S13"
UNIT = shipped().kinds[LAMP].unit
PROOF: dict[str, Any] = {"what": "换了灯泡", "photos": ["p1", "p2"], "document": "2026-7"}


class Town:
    """`mark`: stands in every name and text of it. The department is the township's own: two towns share no person."""

    def __init__(self, county: County) -> None:
        self.county, self.mark = county, secrets.token_hex(3)
        gateway = f"gw{self.mark}"
        sites = [
            {"id": f"s{self.mark}{n}", "name": f"{self.mark} {n}号", "address": "", "devices": [
                {"id": f"lamp{self.mark}{n}", "kind": "lamp"}, {"id": f"key{self.mark}{n}", "kind": "button"},
            ]}
            for n in range(2)
        ]  # fmt: skip
        village = {
            "name": f"村{self.mark}", "township": f"镇{self.mark}", "gateway": gateway,
            "broker": {"host": "127.0.0.1", "port": 1, "name": f"{gateway}.heartlamp"},
            "groups": [{"name": f"组{self.mark}", "sites": sites}],
        }  # fmt: skip
        assert county.enrol({"county": {"name": "庆丰县", "code": "990101"}, "villages": [village]}) == []
        self.village = Village(county, self.mark, gateway, [str(s["id"]) for s in sites])
        self.areas: dict[str, int] = dict(county.sql("SELECT level, id FROM area WHERE name LIKE %s", f"%{self.mark}"))
        self.operator = self.somebody("operator")
        self.commander = self.somebody("commander")
        self.worker, self.other_worker = self.somebody("grid_worker"), self.somebody("grid_worker")
        self.department = self.somebody("department", UNIT)
        self.other_department = self.somebody("department", "供电公司")
        self.volunteers = [self.somebody("volunteer") for _ in range(2)]

    def somebody(self, role: str, unit: str = "") -> Somebody:
        grant = Grant(role, self.areas["township"], unit=unit)
        return Somebody(self.county, grant, f"{role}-{self.mark}-{secrets.token_hex(2)}")

    def report(self, code: str = LAMP, **more: Any) -> dict[str, Any]:
        words, area = f"路灯 {self.mark}", self.areas["group"]
        return {"code": code, "words": words, "source": "resident", "area": area} | more

    def raised(self, code: str = LAMP, by: Somebody | None = None, **more: Any) -> int:
        reply = (by or self.worker).post("matters", **self.report(code, **more))
        assert reply.status_code == 200, reply.text
        return int(reply.json()["id"])

    def whistled(self, code: str = LAMP) -> int:
        id = self.raised(code, asked=True)
        assert self.do(id, "whistle", self.operator).status_code == 200
        return id

    def do(self, id: int, act: str, by: Somebody, **more: Any) -> httpx.Response:
        return by.post(f"matters/{id}/act", act=act, **more)

    def ordered(self) -> int:
        reply = self.worker.post("orders", service="V01", site=self.village.sites[0], words=f"降压药 {self.mark}")
        assert reply.status_code == 200, reply.text
        return int(reply.json()["id"])


def text_of(reply: httpx.Response) -> str:
    return reply.content.decode()
