"""A county's worth of areas of one test's own, imported as an office would, and who asks about them."""

import secrets
from pathlib import Path
from typing import Any

import httpx

from tests.server.area.tables import write
from tests.server.county import County, Operator


class Zone:
    """One county, one township, villages 东村 and 西村, each with household groups 一组 and 二组."""

    def __init__(self, county: County, folder: Path) -> None:
        self.county, self.folder = county, folder
        self.code = f"88{secrets.randbelow(10_000):04d}"
        # one that ends with 00 is a city's
        while self.code.endswith("00") or county.sql("SELECT id FROM area WHERE code = %s", self.code):
            self.code = f"88{secrets.randbelow(10_000):04d}"
        self.township, self.east, self.west = (f"{self.code}{end}" for end in ("001", "001201", "001202"))
        rows: list[list[str]] = [
            [self.code, f"县{self.code}", "县"],
            [self.township, "河口镇", "镇"],
            [self.east, "东村", "村"],
            [self.west, "西村", "村"],
        ]
        rows += [[f"{v}00{n}", name, "户组"] for v in (self.east, self.west) for n, name in ((1, "一组"), (2, "二组"))]
        self.take("areas", write(folder / "areas.csv", ["区划代码", "名称", "级别"], *rows))

    def take(self, kind: str, file: Path, *words: str, check: bool = True) -> str:
        """`heartlamp-server import`; what it said."""
        done = self.county.cli("import", kind, file, *words, "--config", self.county.config, check=check)
        return done.stdout + done.stderr

    def sites(self, *names: str) -> list[str]:
        """Households in 东村 一组; their ids."""
        ids = [f"z{self.code}{name}" for name in names]
        rows = [[id, f"{self.east}001", f"一组 {name}号", "东村", "井旁"] for id, name in zip(ids, names, strict=True)]
        self.take("sites", write(self.folder / "sites.csv", ["点位编号", "区划代码", "名称", "地址", "地标"], *rows))
        return ids

    def id(self, code: str) -> int:
        found: int = self.county.sql("SELECT id FROM area WHERE code = %s AND valid_to IS NULL", code)[0][0]
        return found


def post(operator: Operator, path: str, **fields: Any) -> httpx.Response:
    return operator.http.post(f"/api/{path}", json=fields)
