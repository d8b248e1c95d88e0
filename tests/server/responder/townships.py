"""A township with one village and everything that somebody from another township must not get at."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from heartlamp_protocol.uplink import Item
from heartlamp_server.responder import store
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.roster import store as rosters
from heartlamp_server.responder.roster.model import Absence, Roster, Shift
from heartlamp_server.responder.scope import ROLES, Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody, in_store, seal_of


class Township:
    """`mark`: stands in the name or id of everything of it; `people`: one of each role, here and nowhere else."""

    def __init__(self, county: County) -> None:
        self.county, self.mark = county, secrets.token_hex(3)
        self.number = f"+86138{secrets.randbelow(10**8):08}"
        self.village = self._enrol()
        self.areas = self._areas()
        self.people = {role: self._somebody(role) for role in ROLES}
        self.open = self._press("panic", 0)
        self.silent = self._press("silent", 0)
        self.past = self._press("fire", 1)
        county.sql("UPDATE incident SET closed_at = now(), answer = 'closed' WHERE id = %s", self.past)
        self.village.send(self.village.lamps[0].reading([("temp_mc", 21000)]), to="readings")
        self.noise()
        self.target = f"target{self.mark}"
        self.target_role, self.family_role, self.family_name = in_store(county, self._people)
        self.roster, self.absence = in_store(county, self._roster)
        self.areas["grid"] = self._grid()
        self.rezoning, self.list, self.own_list, self.broadcast, self.notice = self._asked()
        self.handover = self.handed("commander", "operator")
        self.session = county.sql("SELECT id FROM session WHERE person = %s", self.people["operator"].name)[0][0]

    def incidents(self) -> dict[str, str]:
        return {"open": self.open, "silent": self.silent, "past": self.past}

    def _grid(self) -> int:
        found: int = self.county.sql(
            "INSERT INTO area (level, name, code, parent, valid_from) VALUES ('grid', %s, '', %s, current_date) "
            "RETURNING id",
            f"网格{self.mark}", self.areas["village"],
        )[0][0]  # fmt: skip
        return found

    def _asked(self) -> tuple[int, int, int, str, int]:
        """(a re-zoning that waits, a list of households that the operator asked for, one of the administrator's that
        was released, the operator's broadcast, the operator's notice)"""
        sql, village, operator = self.county.sql, self.areas["village"], self.people["operator"].name
        administrator = self.people["administrator"].name
        sql("UPDATE gateway SET revoked_at = NULL WHERE id = %s", self.village.gateway)
        rezoning = self.people["administrator"].post(
            f"areas/{self.areas['group']}/rezone", day="2098-01-01", name=f"后名{self.mark}"
        )
        assert rezoning.status_code == 200, rezoning.text
        asked = "INSERT INTO household_list (area, why, asked_by) VALUES (%s, %s, %s) RETURNING id"
        sql("UPDATE area SET also = ARRAY[%s::bigint] WHERE id = %s", village, self.areas["group"])
        one, own = (sql(asked, village, f"名单{self.mark}", who)[0][0] for who in (operator, administrator))
        sql("UPDATE household_list SET released_by = %s, released_at = now() WHERE id = %s", operator, own)
        said = self.people["operator"].post("broadcasts", village=village, text=f"通知{self.mark}")
        assert said.status_code == 201, said.text
        notice = sql(
            "INSERT INTO notification (key, ask, incident, target, channel, address, rank, kind, fields, lang, urgent,"
            " drill, silent, state, state_at, sent_at, made_at) VALUES (%s, %s, %s, 'x', 'app', %s, 0, 'alarm', '{}',"
            " 'zh', true, false, false, 'sent', now(), now(), now()) RETURNING id",
            f"k{self.mark}", f"k{self.mark}", self.open, operator,
        )[0][0]  # fmt: skip
        return rezoning.json()["id"], one, own, said.json()["id"], notice

    def handed(self, outgoing: str, incoming: str = "") -> int:
        """The number of a hand-over of the township's post between two roles; without `incoming` it waits."""
        area, sql = self.areas["township"], self.county.sql
        names = (self.people[outgoing].name, self.people[incoming].name if incoming else None)
        sql("DELETE FROM shift_handover WHERE area = %s AND signed_at IS NULL", area)
        empty = '{"incidents": [], "promises": [], "faults": []}' if incoming else None
        found: int = sql(
            "INSERT INTO shift_handover (area, outgoing, incoming, note, list, signed_at) "
            "VALUES (%s, %s, %s, %s, %s, CASE WHEN %s THEN clock_timestamp() END) RETURNING id",
            area, *names, f"交班{self.mark}", empty, bool(incoming),
        )[0][0]  # fmt: skip
        return found

    def mark_of_list(self) -> str:
        """Of what would go over with the township's post now."""
        mark: str = self.people["operator"].get("shift/list", area=self.areas["township"]).json()["list"]["mark"]
        return mark

    def marks(self, answer: Any) -> list[str]:
        """What an answer tells of this township: texts with its mark, ids of its areas, its telephone number."""
        if isinstance(answer, dict):
            own = [f"area {v}" for k, v in answer.items() if k == "area" and v in self.areas.values()]
            return own + [m for k, v in answer.items() for m in (*self.marks(k), *self.marks(v))]
        if isinstance(answer, list):
            return [m for v in answer for m in self.marks(v)]
        return [answer] if isinstance(answer, str) and (self.mark in answer or answer == self.number) else []

    def noise(self) -> None:
        """Something for the quarantine, and a notice on the feed."""
        self.village.send_items([Item(1, 0, f"x{self.mark}", f"noise of {self.mark}".encode())])

    def _press(self, what: str, house: int) -> str:
        press = self.village.keys[house].press(what)
        assert self.village.send(press)[0].verdict == "received"
        return press.id

    def _somebody(self, role: str) -> Somebody:
        site = self.village.sites[0] if role == "family" else ""
        area = None if site else self.areas["township"]
        return Somebody(self.county, Grant(role, area, site=site, unit=f"部门{self.mark}"), f"{role}-{self.mark}")

    def _enrol(self) -> Village:
        gateway = f"gw{self.mark}"
        sites = [
            {
                "id": f"s{self.mark}{n}",
                "name": f"{self.mark} {n}号",
                "address": f"{self.mark} {n}号",
                "devices": [
                    {"id": f"lamp{self.mark}{n}", "kind": "lamp"},
                    {"id": f"key{self.mark}{n}", "kind": "button"},
                ],
            }
            for n in range(2)
        ]
        village = {
            "name": f"村{self.mark}",
            "township": f"镇{self.mark}",
            "gateway": gateway,
            "broker": {"host": "127.0.0.1", "port": 1, "name": f"{gateway}.heartlamp"},
            "groups": [{"name": f"组{self.mark}", "sites": sites}],
        }
        county = {"name": "庆丰县", "code": "990101"}
        assert self.county.enrol({"county": county, "villages": [village]}) == []
        return Village(self.county, self.mark, gateway, [str(s["id"]) for s in sites])

    def _areas(self) -> dict[str, int]:
        return dict(self.county.sql("SELECT level, id FROM area WHERE name LIKE %s", f"%{self.mark}"))

    async def _people(self, conn: store.Connection) -> tuple[int, int, str]:
        """(the target's role, the family's role, the family's name)"""
        await store.add_person(conn, Person(self.target, f"目标{self.mark}"), "nobody", ["zh"])
        role = await store.give_role(conn, self.target, Grant("volunteer", self.areas["township"]), self.mark)
        await store.set_numbers(conn, seal_of(self.county), self.target, [self.number])
        name = f"kin{self.mark}"
        await store.add_person(conn, Person(name, f"亲属{self.mark}"), None)
        family = await store.give_role(conn, name, Grant("family", site=self.village.sites[1]), self.mark)
        return role, family, name

    async def _roster(self, conn: store.Connection) -> tuple[int, int]:
        """(its number, an absence's)"""
        first = datetime.now(UTC).date() - timedelta(days=3)
        shift = Shift("全天", 0, 0, ((self.target,),), first)
        id = await rosters.add(conn, Roster(self.areas["township"], "volunteer", f"值班{self.mark}", (shift,)))
        since = datetime.now(UTC) + timedelta(days=30)
        return id, await rosters.add_absence(conn, Absence(self.target, since, since + timedelta(days=1)))
