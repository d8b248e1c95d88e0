"""A county's devices page by page are the same as all at once, and those that are missed are the same that a list of
all marks as such."""

from typing import Any

from tests.server.county import County, Operator


def every(operator: Operator, **params: Any) -> list[Any]:
    sites, after = [], ""
    while True:
        page = operator.get("devices", limit=2, after=after, **params)
        assert len(page["sites"]) <= 2
        sites += page["sites"]
        if not (after := page["after"]):
            return sites


def is_missed(device: Any) -> bool:
    return not device["revoked"] and (device["overdue"] or device["online"] is False)


def without_ages(sites: list[Any]) -> list[Any]:
    return sorted((s["id"], s["path"], [(d["id"], d["overdue"], d["revoked"]) for d in s["devices"]]) for s in sites)


def test_pages_are_the_list_and_missed_ones_its_marks(county: County, operator: Operator) -> None:
    village = county.village(houses=4, wan=(3,))
    county.sql(
        "INSERT INTO site (id, area, name) SELECT s.id || 'empty', s.area, '空房' FROM site s "
        "JOIN device d ON d.site = s.id WHERE d.id = %s",
        village.lamps[0].id,
    )
    village.send(village.keys[0].press(), village.keys[1].press())  # two buttons say that they live
    county.cli("device", "revoke", village.keys[2].id, "--config", county.config)
    county.sql("UPDATE device SET last_seen = now() WHERE last_seen IS NOT NULL")  # nobody else grows late meanwhile
    county.sql("UPDATE device SET last_seen = now() - interval '5 minutes' WHERE id = %s", village.lamps[0].id)
    county.sql("UPDATE device SET online = false WHERE id = %s", village.keys[1].id)  # its gateway lost it just now
    by_itself = village.lamps[3].id  # which its gateway lost, too, but it comes to the county by its own way
    county.sql("UPDATE device SET online = false, last_seen = now() WHERE id = %s", by_itself)
    county.sql("UPDATE gateway SET last_seen = now() WHERE device = %s", by_itself)
    whole = operator.get("devices")["sites"]
    assert without_ages(every(operator)) == without_ages([s for s in whole if s["devices"]])
    assert [is_missed(d) for s in whole for d in s["devices"] if d["id"] == by_itself] == [False]
    assert [d["overdue"] for s in whole for d in s["devices"] if d["id"] == village.keys[1].id] == [False]
    missed = [
        (s["id"], [d["id"] for d in s["devices"] if is_missed(d)])
        for s in sorted(whole, key=lambda s: str(s["id"]))
        if any(is_missed(d) for d in s["devices"])
    ]
    assert [(s["id"], [d["id"] for d in s["devices"]]) for s in every(operator, missed=True)] == missed
    devices = [d for s in whole for d in s["devices"] if not d["revoked"]]
    counted = operator.get("device-counts")
    assert (counted["devices"], counted["missed"]) == (len(devices), sum(is_missed(d) for d in devices))
    assert counted["sites"] == sum(any(not d["revoked"] for d in s["devices"]) for s in whole)
