"""A county for looking at: three townships, fourteen villages, one of them with three household groups and a plan.
A real server with a real database; houses are numbers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from heartlamp_server.responder.scope import Grant
from playwright.sync_api import Page

from tests.server.county import County, Gateway
from tests.server.devices import Device
from tests.server.groundplan.drawn import at, feature, house
from tests.server.responder.people import Somebody

TOWNSHIPS = {
    "柳河镇": ["柳树湾村", "石桥村", "上坪村", "枫林村", "老渡口村"],
    "青石乡": ["青石村", "云岭村", "下湾村", "竹园村"],
    "城关镇": ["东关村", "西关村", "南山村", "河口村", "新塘村"],
}
VILLAGE = "柳树湾村"
GROUPS = {"一组": 11, "二组": 9, "三组": 12}

T = TypeVar("T")


def aside(work: Callable[[], T]) -> T:
    """What has an event loop of its own cannot run in the thread of an open browser."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()


class Stage:
    """`houses`: name -> site id, of VILLAGE; `area`: its id; `made`: ids that a room's pictures remember."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.houses: dict[str, str] = {}
        villages = [self._village(t, name) for t, names in TOWNSHIPS.items() for name in names]
        document = {"county": {"name": "庆丰县", "code": "990101"}, "villages": villages}
        assert aside(lambda: county.enrol(document)) == []
        ids = dict(county.sql("SELECT name, id FROM area WHERE valid_to IS NULL AND level <> 'group'"))
        self.areas: dict[str, int] = ids
        self.area = ids[VILLAGE]
        self.gateway = self._gateway(0)
        for n, (name, area) in enumerate(((t, ids[t]) for t in TOWNSHIPS), 1):
            county.sql("UPDATE area SET code = %s WHERE id = %s", f"99010100{n}", area)
            for m, village in enumerate(TOWNSHIPS[name], 201):
                county.sql("UPDATE area SET code = %s WHERE id = %s", f"99010100{n}{m}", ids[village])
        self.people: dict[str, Somebody] = {}
        self.made: dict[str, int] = {}

    def somebody(self, role: str, where: str = "", unit: str = "") -> Somebody:
        """With this role; `where`: an area's name, else the whole county; `unit`: of a department."""
        key = f"{role} {where} {unit}"
        if key not in self.people:
            grant = Grant(role, self.areas[where] if where else None, unit=unit)
            self.people[key] = aside(lambda: Somebody(self.county, grant))
        return self.people[key]

    def sign_in(self, page: Page, who: Somebody) -> None:
        token = who.http.cookies["heartlamp_session"]
        page.context.add_cookies([{"name": "heartlamp_session", "value": token, "url": self.county.console}])

    def press(self, name: str, what: str = "panic") -> str:
        """Somebody presses in this house of VILLAGE; the incident."""
        press = self.device("key", name).press(what)
        assert self.gateway.send(press)[0].verdict == "received"
        return press.id

    def elsewhere(self, village: int, what: str) -> str:
        """The same in the n-th village's first house."""
        press = Device(self._file(f"key{village:02}001")).press(what)
        assert self._gateway(village).send(press)[0].verdict == "received"
        return press.id

    def light(self, incident: str, *names: str) -> None:
        """The lamps of these houses show it."""
        notes = [self.gateway.note(n, incident, "lit", self.device("lamp", name).id) for n, name in enumerate(names)]
        assert all(v.verdict == "received" for v in self.gateway.send(notes=notes))

    def device(self, kind: str, name: str) -> Device:
        return Device(self._file(f"{kind}{self.houses[name][1:]}"))

    def draw(self) -> None:
        """The village's ground plan, by its administrator."""
        boss = self.somebody("administrator")
        version = boss.get(f"ground-plans/{self.area}").json()["version"]
        drawn = boss.post(f"ground-plans/{self.area}", plan=self.plan(), after=version)
        assert drawn.status_code == 200, drawn.text

    def undraw(self) -> None:
        self.county.sql("DELETE FROM ground_plan WHERE village = %s", self.area)
        self.county.sql("UPDATE site SET latitude = NULL, longitude = NULL")

    def quiet(self) -> None:
        """Every call is over, every gateway was heard of."""
        self.county.sql("UPDATE incident SET closed_at = now(), answer = 'closed' WHERE closed_at IS NULL")
        self.county.sql("UPDATE gateway SET last_seen = now() + interval '1 hour'")

    def plan(self) -> dict[str, Any]:
        """Two rows of houses along the street, a third group beyond the stream."""
        spots = [(20 + 27 * (n // 2) + (4 if n % 4 > 1 else 0), 168 if n % 2 else 118) for n in range(20)]
        spots += [(40 + 34 * (n % 6) + 7 * (n // 6), 20 + 36 * (n // 6)) for n in range(12)]
        sizes = [(15, 11), (13, 12), (17, 10), (14, 14)]
        stands = enumerate(zip(self.houses.values(), spots, strict=True))
        houses = [house(site, x, y, *sizes[n % 4]) for n, (site, (x, y)) in stands]
        stream = [at(-20, 92), at(60, 98), at(140, 90), at(230, 99), at(330, 88)]
        pond = [at(258, 30), at(292, 24), at(306, 44), at(288, 62), at(262, 56), at(258, 30)]
        around = [
            feature("water", "LineString", stream, name="柳树溪"),
            feature("water", "Polygon", [pond], name="水塘"),
            feature("road", "LineString", [at(-20, 150), at(80, 152), at(200, 149), at(330, 156)]),
            feature("road", "LineString", [at(150, 150), at(152, 96), at(178, 80), at(330, 76)]),
            feature("landmark", "Point", at(160, 105), name="石拱桥"),
            feature("landmark", "Point", at(4, 162), name="老樟树"),
            feature("landmark", "Point", at(306, 168), name="村小学"),
            feature("muster", "Point", at(306, 130), name="晒谷场"),
        ]
        return {"type": "FeatureCollection", "features": [*houses, *around]}

    def _village(self, township: str, name: str) -> dict[str, Any]:
        v = [n for names in TOWNSHIPS.values() for n in names].index(name)
        groups = GROUPS if name == VILLAGE else {"一组": 3}
        made, count = [], 0
        for group, many in groups.items():
            sites = []
            for n in range(1, many + 1):
                count += 1
                id, called = f"{v:02}{count:03}", f"{group} {n}号"
                if name == VILLAGE:
                    self.houses[called] = f"s{id}"
                devices = [{"id": f"lamp{id}", "kind": "lamp"}, {"id": f"key{id}", "kind": "button"}]
                beside = ["老樟树东侧", "石拱桥头", "水塘北侧，红色铁门", ""][count % 4]
                place = {"address": f"{name}{group}{n}号", "landmark": beside}
                sites.append({"id": f"s{id}", "name": called, **place, "devices": devices})
            made.append({"name": group, "sites": sites})
        gateway = f"gwstage{v:02}"
        broker = {"host": "127.0.0.1", "port": 1, "name": f"{gateway}.heartlamp"}
        return {"code": "", "name": name, "township": township, "gateway": gateway, "broker": broker, "groups": made}

    def _gateway(self, village: int) -> Gateway:
        id = f"gwstage{village:02}"
        return Gateway(self.county, id, (self.county.out / "gateways" / id / "token").read_text().strip())

    def _file(self, device: str) -> Any:
        return self.county.out / "devices" / f"{device}.json"
