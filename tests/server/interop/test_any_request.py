"""Whatever is asked, in the document's own terms or against them, nobody gets a 5xx. What is asked is drawn by
schemathesis from the OpenAPI documents; the seed is printed, HEARTLAMP_SEED repeats it."""

import os
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
import requests
import schemathesis
from heartlamp_server.responder.scope import Grant
from heartlamp_server.screens import openapi
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.server.county import WAIT_SECONDS, County, hashed
from tests.server.interop.test_sources import letting_in
from tests.server.responder.people import Somebody
from tests.server.responder.townships import Township

NOT_ASKED = ("/api/feed", "/api/logout", "/api/logout/everywhere")
"""A stream that does not end, and what ends the session that asks."""
FEW, MANY = 3, 150


class Asked(NamedTuple):
    """`known`: name of a parameter or field -> values that there are, so that not all is unknown."""

    county: County
    session: requests.Session
    known: dict[str, list[Any]]


@pytest.fixture(scope="module")
def asked(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    county = County(tmp_path_factory.mktemp("any"), new_database())
    county.make()
    county.start()
    town = Township(county)
    everybody = Somebody(county, Grant("operator"))
    for role in ("administrator", "commander", "auditor", "grid_worker", "department", "technician", "police"):
        county.sql("INSERT INTO person_role (person, role, given_by) VALUES (%s, %s, 'test')", everybody.name, role)
    county.sql("UPDATE person SET password = %s WHERE password IS NOT NULL", hashed())  # who has one has a true one
    session = requests.Session()
    session.headers["X-Heartlamp"] = "1"
    session.cookies.update(dict(everybody.http.cookies))
    areas = [a for (a,) in county.sql("SELECT id FROM area")]
    sites, people = [*town.village.sites], [town.target, town.family_name]
    known: dict[str, list[Any]] = {
        "id": [town.open, town.silent, town.past, *areas, *sites, town.roster, town.absence, 1, 2],
        "site": sites, "name": people, "person": people, "area": areas, "parent": areas, "village": areas,
        "incident": [town.open, town.past], "into": [town.open], "device": [town.village.lamps[0].id], "code": ["S01"],
    }  # fmt: skip
    yield Asked(county, session, known)
    county.stop()


def nothing_breaks(asked: Asked, document: dict[str, Any], prefix: str, examples: int) -> list[str]:
    """What broke, as curl commands. `prefix`: before the document's paths."""
    number = int(os.environ.get("HEARTLAMP_SEED", random.randrange(2**32)))
    print(f"HEARTLAMP_SEED={number}")
    broke: dict[str, str] = {}
    chance = random.Random(number)
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path in NOT_ASKED:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seed(number)
            @settings(
                max_examples=examples,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                for place in (case.path_parameters, case.query, case.body):
                    if isinstance(place, dict):
                        for name in place.keys() & asked.known.keys():
                            if chance.random() < 0.7:
                                place[name] = chance.choice(asked.known[name])
                reply = case.call(base_url=asked.county.console + prefix, session=asked.session, timeout=WAIT_SECONDS)
                if reply.status_code >= 500:
                    where = f"{case.method} {case.path}"
                    broke.setdefault(
                        where, f"{where}: {reply.status_code} {reply.text[:200]}\n  {case.as_curl_command()}"
                    )

            try:
                ask()
            except Exception as why:  # nothing can be drawn against a document that allows everything
                if "nsatisfiable" not in type(why).__name__ and "Serialization" not in type(why).__name__:
                    raise
    return list(broke.values())


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_no_request_breaks_the_console(asked: Asked) -> None:
    assert nothing_breaks(asked, openapi(), "", FEW) == []
    assert httpx.get(f"{asked.county.console}/healthz").status_code == 200


@pytest.mark.timeout(300)
def test_no_request_of_another_system_breaks_anything(asked: Asked) -> None:
    system = letting_in(asked.county, asked.known["area"][0], "report", "handover", "cap")
    document = system.get("/openapi.json").json()
    session = requests.Session()
    session.headers.update({k: v for k, v in system.headers.items() if k == "authorization"})
    asked.county.sql("UPDATE system SET per_minute = 60000")
    assert nothing_breaks(asked._replace(session=session), document, "/open/v1", FEW) == []


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_no_request_breaks_the_console_of_many(asked: Asked) -> None:
    assert nothing_breaks(asked, openapi(), "", MANY) == []
