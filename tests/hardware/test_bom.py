"""What a village costs is a sum over the parts lists and nothing that anybody typed."""

import pytest

from hardware import bom
from hardware.bom import Cost

HEAD = ",".join(bom.COLUMNS)
LINE = "U1,2,module,Maker X1,LCSC; Mouser,10,12.5,estimate 2026-11"


def test_every_device_has_a_parts_list_that_can_be_bought() -> None:
    lists = bom.read_all()
    assert set(lists) == set(bom.DEVICES)
    for device, lines in lists.items():
        assert len({line.ref for line in lines}) == len(lines), device
        assert sum(line.qty for line in lines) > 5


def test_sums_are_sums() -> None:
    lines = bom.read("x", f"{HEAD}\n{LINE}\n{LINE.replace('U1,2', 'U2,1')}\n")
    assert bom.total(lines) == Cost(30, 37.5)
    v = bom.Village(300, {"button": 1, "lamp": 2}, {"gateway": 3})
    costs = {"button": Cost(1, 2), "lamp": Cost(10, 20), "gateway": Cost(100, 1000)}
    assert bom.household_cost(costs, v) == Cost(21, 42)
    assert bom.village_cost(costs, v) == Cost(21 * 300 + 300, 42 * 300 + 3000)


def test_a_household_is_a_button_and_a_lamp_and_a_village_three_hundred_of_them() -> None:
    v = bom.load_village()
    assert (v.households, v.household) == (300, {"button": 1, "lamp": 1})
    assert {*v.household, *v.village} <= set(bom.DEVICES)
    lists = bom.read_all()
    dearer = {name: [*lines, *bom.read("x", f"{HEAD}\n{LINE}\n")] for name, lines in lists.items()}
    assert bom.table(lists, v) != bom.table(dearer, v)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("LCSC; Mouser", "LCSC", "line 2: two dealers at least"),
        ("10,12.5", "13,12.5", "line 2: a price is a range"),
        ("estimate 2026-11", "about that", "line 2: say in `basis` whether it is an estimate"),
        ("module,", "module, with antenna,", "line 2: 8 fields belong here, there are 9"),
    ],
)
def test_a_line_that_nobody_could_rely_on_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bom.read("x", f"{HEAD}\n{LINE.replace(old, new)}\n")
