"""People at the real server: nobody gives what they do not have, nobody changes who reaches further."""

import pytest
from heartlamp_server.responder import store
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.responder.people import Somebody, in_store, seal_of
from tests.server.responder.townships import Township

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def town(county: County) -> Township:
    return Township(county)


@pytest.fixture
def admin(county: County, town: Township) -> Somebody:
    return Somebody(county, Grant("administrator", town.areas["township"]))


@pytest.fixture
def chief(county: County) -> Somebody:
    """Of the whole county."""
    return Somebody(county, Grant("administrator"))


def role_in(town: Township, level: str, role: str = "operator") -> dict[str, object]:
    return {"role": role, "area": town.areas[level]}


def test_an_administrator_adds_a_person_who_then_signs_in_and_sees_that_area(
    county: County, town: Township, admin: Somebody
) -> None:
    name = f"n{admin.name}"
    made = admin.post("people", name=name, display="值班员", languages=["zh"], role=role_in(town, "village"))
    assert made.status_code == 200, made.text
    word = made.json()["password"]
    login = admin.http.__class__(base_url=county.console, headers={"X-Heartlamp": "1"}, timeout=20)
    assert login.post("/api/login", json={"name": name, "password": word}).status_code == 200
    assert {i["id"] for i in login.get("/api/incidents").json()["incidents"]} == {town.open}
    again = admin.post("people", name=name, display="别人", role=role_in(town, "village"))
    assert again.status_code == 409
    assert admin.get(f"people/{name}").json()["display"] == "值班员"


@pytest.mark.parametrize("rare", ["\U0002ebf0", "\ue5d2", "\U000b3e8d"])
def test_a_name_may_have_a_character_that_this_python_does_not_know(town: Township, admin: Somebody, rare: str) -> None:
    """Newer than its tables of Unicode, or of a font's own: names of people have such."""
    made = admin.post("people", name=f"{rare}{admin.name}", display=f"{rare}某", role=role_in(town, "village"))
    assert made.status_code == 200, made.text
    assert admin.get(f"people/{rare}{admin.name}").json()["display"] == f"{rare}某"


def test_nobody_gives_what_they_do_not_have(county: County, town: Township, admin: Somebody) -> None:
    top = county.sql("SELECT parent FROM area WHERE id = %s", town.areas["township"])[0][0]
    for role in ({"role": "operator"}, {"role": "operator", "area": top}, {"role": "operator", "area": 10**9}):
        assert admin.post("people", name=f"x{admin.name}", display="人", role=role).status_code == 404
        assert admin.post(f"people/{town.target}/roles", **role).status_code == 404
    assert county.sql("SELECT 1 FROM person WHERE name = %s", f"x{admin.name}") == []


def test_who_may_everywhere_gives_nothing_in_a_place_that_there_is_not(
    county: County, town: Township, chief: Somebody
) -> None:
    for role in ({"role": "operator", "area": 10**9}, {"role": "family", "site": "nowhere"}):
        assert chief.post("people", name=f"y{chief.name}", display="人", role=role).status_code == 404
        assert chief.post(f"people/{town.target}/roles", **role).status_code == 404
    assert county.sql("SELECT 1 FROM person WHERE name = %s", f"y{chief.name}") == []
    half = chief.http.post(f"/api/people/{town.target}/roles", content=b'{"role": "operator", "\\ud800": 1}',
                           headers={"Content-Type": "application/json"})  # fmt: skip
    assert half.status_code == 422  # a field whose name no text can hold


def test_nobody_changes_an_account_that_reaches_further(county: County, town: Township, admin: Somebody) -> None:
    above = Somebody(county, Grant("operator", town.areas["township"]))
    in_store(county, lambda conn: store.give_role(conn, above.name, Grant("operator"), "test"))
    assert admin.get(f"people/{above.name}").status_code == 200  # works here too
    for path in ("password", "disable", "second/off"):
        assert admin.post(f"people/{above.name}/{path}").status_code == 403
    assert admin.post(f"people/{above.name}/numbers", numbers=[]).status_code == 403
    assert above.get("me").status_code == 200
    shown = admin.get(f"people/{above.name}").json()["roles"]
    assert [r["area"] for r in shown] == [town.areas["township"]], "what somebody is elsewhere is no news here"


def test_an_account_without_any_role_is_for_who_may_everywhere(
    county: County, town: Township, admin: Somebody, chief: Somebody
) -> None:
    empty = Somebody(county, None)
    assert admin.post(f"people/{empty.name}/password").status_code == 404
    assert admin.post(f"people/{empty.name}/roles", **role_in(town, "village")).status_code == 404
    assert chief.post(f"people/{empty.name}/roles", **role_in(town, "village")).status_code == 200
    assert admin.get(f"people/{empty.name}").status_code == 200


def test_a_role_begins_and_ends_by_its_dates(county: County, town: Township, admin: Somebody) -> None:
    later = Somebody(county, None)
    give = {"valid_from": "2031-01-01T00:00:00+08:00", "valid_to": "2031-02-01T00:00:00+08:00"}
    wrong = {"valid_from": give["valid_to"], "valid_to": give["valid_from"]}
    area = Grant("volunteer", town.areas["village"])
    in_store(county, lambda conn: store.give_role(conn, later.name, area, "test"))
    assert admin.post(f"people/{later.name}/roles", **role_in(town, "village"), **wrong).status_code == 422
    given = admin.post(f"people/{later.name}/roles", **role_in(town, "village"), **give)
    assert given.status_code == 200, given.text
    assert [r["role"] for r in later.get("me").json()["roles"]] == ["volunteer"]
    county.sql("UPDATE person_role SET valid_from = now() WHERE id = %s", given.json()["id"])
    assert [r["role"] for r in later.get("me").json()["roles"]] == ["volunteer", "operator"]
    assert admin.post(f"people/{later.name}/roles/{given.json()['id']}/end").status_code == 204
    assert [r["role"] for r in later.get("me").json()["roles"]] == ["volunteer"]


def test_numbers_are_sealed_and_a_test_call_proves_one_for_thirty_days(
    county: County, town: Township, admin: Somebody
) -> None:
    one = Somebody(county, Grant("grid_worker", town.areas["village"]))
    assert admin.post(f"people/{one.name}/numbers", numbers=["138 0013 8000", "0871-6555010"]).status_code == 204
    assert admin.post(f"people/{one.name}/numbers", numbers=["12345"]).status_code == 422
    sealed = [bytes(r[0]) for r in county.sql("SELECT sealed FROM person_number WHERE person = %s", one.name)]
    assert len(sealed) == 2
    assert not any(b"13800138000" in s for s in sealed)

    def proven() -> list[tuple[str, bool]]:
        return [(n["number"], n["proven"]) for n in admin.get(f"people/{one.name}/numbers").json()["numbers"]]

    assert proven() == [("+8613800138000", False), ("+868716555010", False)]
    now = county.sql("SELECT now()")[0][0]
    assert in_store(county, lambda c: store.answered_test_call(c, seal_of(county), one.name, "+8613800138000", now))
    assert not in_store(county, lambda c: store.answered_test_call(c, seal_of(county), one.name, "+8613900139000", now))
    assert proven()[0][1]
    assert admin.post(f"people/{one.name}/numbers", numbers=["+8613900139000", "13800138000"]).status_code == 204
    assert proven() == [("+8613900139000", False), ("+8613800138000", True)], "one that stays keeps its test call"
    county.sql("UPDATE person_number SET answered_at = now() - interval '31 days' WHERE person = %s", one.name)
    assert proven() == [("+8613900139000", False), ("+8613800138000", False)]


def test_a_sealed_number_moved_to_another_person_opens_for_nobody(county: County, town: Township) -> None:
    other = Somebody(county, Grant("volunteer", town.areas["village"]))
    county.sql(
        "INSERT INTO person_number (person, rank, sealed) SELECT %s, 1, sealed FROM person_number WHERE person = %s",
        other.name,
        town.target,
    )
    assert in_store(county, lambda conn: store.numbers(conn, seal_of(county), [other.name])) == {other.name: []}


def test_a_grid_worker_enters_whom_a_household_chose(county: County, town: Township) -> None:
    worker = Somebody(county, Grant("grid_worker", town.areas["village"]))
    site = town.village.sites[1]
    member = worker.post(f"sites/{site}/family", display="女儿", languages=["zh"], numbers=["13700137000"])
    assert member.status_code == 200, member.text
    listed = worker.get(f"sites/{site}/family").json()["family"]
    assert {m["display"] for m in listed} >= {"女儿"}
    assert "13700137000" not in str(listed)
    assert worker.post(f"sites/{site}/family/{member.json()['id']}/end").status_code == 204
    assert "女儿" not in str(worker.get(f"sites/{site}/family").json())
    assert worker.post(f"sites/{site}/family/{member.json()['id']}/end").status_code == 404


def test_who_holds_a_role_in_an_area_now_is_who_can_be_called_without_a_roster(county: County, town: Township) -> None:
    group = town.areas["group"]
    head, gone, off = (Somebody(county, Grant("group_head", group)) for _ in range(3))
    Somebody(county, Grant("group_head", town.areas["village"]))
    county.sql("UPDATE person_role SET valid_to = now() WHERE person = %s", gone.name)
    county.sql("UPDATE person SET disabled_at = now() WHERE name = %s", off.name)
    held = in_store(county, lambda conn: store.holders(conn, group, "group_head"))
    assert [p.name for p in held] == [head.name]


def test_an_administrator_alone_sees_no_incident_and_an_operator_keeps_no_accounts(
    county: County, town: Township, admin: Somebody
) -> None:
    assert admin.get("incidents").status_code == 403
    operator = Somebody(county, Grant("operator", town.areas["township"]))
    assert operator.post(f"people/{town.target}/disable").status_code == 403


def test_who_answers_answers_for_themselves_and_operators_for_who_telephones(county: County, town: Township) -> None:
    call = town.village.keys[1].press()
    town.village.send(call)
    volunteer = Somebody(county, Grant("volunteer", town.areas["village"]))
    operator = Somebody(county, Grant("operator", town.areas["township"]))
    assert volunteer.post(f"incidents/{call.id}/answer", answer="coming", who="别人").status_code == 403
    assert volunteer.post(f"incidents/{call.id}/answer", answer="closed", how="arrived").status_code == 403
    own = volunteer.post(f"incidents/{call.id}/answer", answer="coming")
    assert (own.status_code, own.json()["who"]) == (200, volunteer.display)
    assert operator.post(f"incidents/{call.id}/answer", answer="arrived", who=volunteer.display).status_code == 200
    assert operator.post(f"incidents/{call.id}/answer", answer="closed", how="arrived").status_code == 200
    assert volunteer.get(f"incidents/{call.id}").status_code == 404, "the past is not theirs"


# --- the command line -------------------------------------------------------------------------------------------------


def user(county: County, *words: str, check: bool = True) -> tuple[int, str]:
    done = county.cli("user", *words, "--config", county.config, check=check)
    return done.returncode, done.stdout + done.stderr


def test_the_command_line_gives_a_role_in_an_area_and_takes_it_back(county: County, town: Township) -> None:
    name = f"cli{town.mark}"
    user(county, "add", name, "--role", "grid_worker", "--area", f"村{town.mark}")
    path = f"庆丰县 镇{town.mark} 村{town.mark}"
    user(county, "role", name, "auditor", "--area", path)
    assert county.sql("SELECT role, area FROM person_role WHERE person = %s ORDER BY id", name) == [
        ("grid_worker", town.areas["village"]),
        ("auditor", town.areas["village"]),
    ]
    assert "auditor" in user(county, "show", name)[1]
    user(county, "role", name, "auditor", "--area", path, "--end")
    assert county.sql("SELECT role FROM person_role WHERE person = %s AND valid_to IS NULL", name) == [("grid_worker",)]
    code, said = user(county, "role", name, "operator", "--area", "无此村", check=False)
    assert code == 1
    assert "there is no area" in said
    code, said = user(county, "role", name, "family", check=False)
    assert code == 1
    assert "--site" in said


def test_an_account_without_a_word_about_roles_is_an_operator_of_everything(county: County) -> None:
    operator = county.account()
    assert operator.get("me")["roles"] == [{"role": "operator", "area": None, "site": "", "unit": ""}]
