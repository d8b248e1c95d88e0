"""Where a household's data is, table by table: what its export has, what its erasure takes, what stays and why. Pure:
statements as data, run by household_routes.py. A test walks the schema and finds a table that is missing here."""

from dataclasses import dataclass

_DEVICES = "SELECT id FROM device WHERE site = %(site)s"
_INCIDENTS = "SELECT id FROM incident WHERE site = %(site)s"
_CLOSED = f"{_INCIDENTS} AND closed_at IS NOT NULL"
# Whom this household chose, and who is nothing else here: without an account.
_ONLY_HERE = (
    "SELECT r.person FROM person_role r JOIN person p ON p.name = r.person WHERE r.site = %(site)s "
    "AND p.password IS NULL AND NOT EXISTS (SELECT FROM person_role o WHERE o.person = r.person "
    "AND o.site IS DISTINCT FROM %(site)s)"
)
_LIVES = "EXISTS (SELECT FROM device WHERE site = %(site)s AND revoked_at IS NULL)"

ERASED = "已删除 · erased"

# What people typed stands under these names; "what" is one of them only where something was handled.
_WORDS = "ARRAY['note', 'words', 'why']"


WORDED = f"""(t.kind = 'handled' OR t.detail ?| {_WORDS}) AND t.kind NOT IN ('told', 'village_step')"""
"""Whether a line of the timeline `t` may hold words, as SQL."""


def blanked(which: str) -> str:
    """Takes the words from lines of the timeline `t`. `which`: SQL."""
    return f"""UPDATE timeline t SET detail = (
        SELECT jsonb_object_agg(key, CASE WHEN (key = ANY({_WORDS}) OR (key = 'what' AND t.kind = 'handled'))
            AND value NOT IN ('""', 'null') THEN to_jsonb('{ERASED}'::text) ELSE value END) FROM jsonb_each(t.detail))
    WHERE {WORDED} AND {which}"""


def blanked_after(which: str) -> str:
    """The same of what the incident itself keeps of what was done after the call."""
    return f"""UPDATE incident SET after = (
        SELECT jsonb_object_agg(stage, (SELECT jsonb_object_agg(key, CASE WHEN key IN ('words', 'what')
            AND value NOT IN ('""', 'null') THEN to_jsonb('{ERASED}'::text) ELSE value END) FROM jsonb_each(done)))
        FROM jsonb_each(after) AS a (stage, done)) WHERE after <> '{{}}' AND {which}"""


# What is only ever added to lets go of words while this is set, for the rest of the transaction.
_LINES = "SET LOCAL heartlamp.erases = 'on'"
_MATTERS = "SELECT id FROM matter WHERE site = %(site)s AND ended <> ''"
_ORDERS = "SELECT id FROM volunteer_order WHERE site = %(site)s AND ended <> ''"


@dataclass(frozen=True, slots=True)
class Held:
    """`table`: what holds it; `what`: it, in words; `export`: a query of its rows for the household, "" where an id or
    a figure is all there is, or where the sealed words are exported unsealed by household_store; `erase`: statements;
    `stays`: what remains, and why. All with the parameter `site`."""

    table: str
    what: str
    export: str = ""
    erase: tuple[str, ...] = ()
    stays: str = ""


HELD = (
    Held(
        "site",
        "name, address, landmark and point of the house",
        "SELECT id, kind, name, address, landmark, latitude, longitude FROM site WHERE id = %(site)s",
        (
            "UPDATE site SET address = '', landmark = '', latitude = NULL, longitude = NULL "
            f"WHERE id = %(site)s AND NOT {_LIVES}",
        ),
        "the house's number; the address too for as long as a device there may call for help",
    ),
    Held(
        "site_was",
        "in which household group the house was, and when",
        "SELECT valid_from, valid_to, area FROM site_was WHERE site = %(site)s ORDER BY valid_from",
        stays="areas and days: figures are of them",
    ),
    Held(
        "ground_plan",
        "the house's shape on its village's plan",
        stays="the shape of a building, under the house's number",
    ),
    Held(
        "household",
        "what who comes must know",
        erase=("UPDATE household SET needs = NULL WHERE site = %(site)s",),
        stays="that there was a record, when it was erased and by whom",
    ),
    Held("contact", "whom to call", erase=("DELETE FROM contact WHERE site = %(site)s",)),
    Held(
        "consent",
        "consents and their evidence",
        erase=(
            "UPDATE consent SET evidence = NULL, withdrawn_on = coalesce(withdrawn_on, greatest(given_on, "
            "(now() AT TIME ZONE 'Asia/Shanghai')::date)) WHERE site = %(site)s",
        ),
        stays="kind and days of each consent: that it had been there is to be shown",
    ),
    Held(
        "device",
        "devices of the house",
        "SELECT id, kind, last_seen, revoked_at FROM device WHERE site = %(site)s ORDER BY id",
        stays="ids: they go on calling for help until they are revoked",
    ),
    Held("device_key", "keys of the devices", stays="no data of people"),
    Held(
        "claim",
        "that a device was to be made for the house",
        "SELECT device, kind, made_at, used_at, ended_at FROM claim WHERE site = %(site)s ORDER BY made_at",
        stays="ids and times, no data of people",
    ),
    Held(
        "visit",
        "visits of technicians",
        "SELECT at, outcome, note, consent FROM visit WHERE site = %(site)s ORDER BY at",
        ("UPDATE visit SET note = '', evidence = NULL WHERE site = %(site)s",),
        "that somebody was there, when, and how it ended",
    ),
    Held("gateway", "a device that is its own way to the county", stays="no data of people"),
    Held("gateway_token", "tokens", stays="no data of people"),
    Held(
        "incident",
        "calls for help",
        "SELECT id, what, place, opened_at, presses, answer, who, responders, closed_at, closed_by, closed_how "
        "FROM incident WHERE site = %(site)s ORDER BY opened_at",
        (
            "UPDATE incident SET place = place || jsonb_build_object('address', '', 'landmark', '') "
            f"WHERE id IN ({_CLOSED}) AND NOT {_LIVES}",
        ),
        "that there was a call, when, and how it was answered: figures are reckoned from it",
    ),
    Held(
        "shift_handover", "what went over at a change of shifts", stays="ids of calls; houses are read from the calls"
    ),
    Held(
        "timeline",
        "what was done about each call, with what operators wrote",
        f"SELECT incident, at, kind, detail FROM timeline WHERE incident IN ({_INCIDENTS}) ORDER BY id",
        (
            blanked(f"t.incident IN ({_CLOSED})"),
            blanked_after(f"id IN ({_CLOSED})"),
        ),
        "the steps without the words; an open call keeps them until it is closed",
    ),
    Held(
        "event",
        "what the devices said",
        "SELECT id, kind, detail, received_at, observed_at FROM event "
        f"WHERE device IN ({_DEVICES}) ORDER BY received_at",
        stays="ids and kinds, without which an event would be taken in again",
    ),
    Held("clash", "an event that came twice and differed", stays="ids and bytes of devices: evidence of a forgery"),
    Held("evidence", "frames that could not be read", stays="deleted after 90 days"),
    Held(
        "note", "what the village's gateway said of a call", stays="ids of devices; what waits is deleted after 31 days"
    ),
    Held(
        "picture",
        "stills of a camera of the house",
        "SELECT event, size, began_at, whole_at, deleted_at FROM picture "
        f"WHERE device IN ({_DEVICES}) ORDER BY began_at",
        (
            f"DELETE FROM picture_part WHERE event IN (SELECT event FROM picture WHERE device IN ({_DEVICES}))",
            f"UPDATE picture SET deleted_at = now(), deleted_why = '{ERASED}', at = 0 "
            f"WHERE deleted_at IS NULL AND device IN ({_DEVICES})",
        ),
        "that there was one",
    ),
    Held("picture_part", "the stills' bytes"),
    Held(
        "reading",
        "what the devices measured",
        "SELECT device, name, count(*) AS readings, min(at) AS first_at, max(at) AS last_at FROM reading "
        f"WHERE device IN ({_DEVICES}) GROUP BY device, name ORDER BY device, name",
        (f"DELETE FROM reading WHERE device IN ({_DEVICES})",),
        "what a time-series database beside this one has: there it ends with its days",
    ),
    Held(
        "person_role",
        "whom the household chose to be called",
        "SELECT person, valid_from, valid_to FROM person_role WHERE site = %(site)s ORDER BY id",
        (
            f"DELETE FROM person_number WHERE person IN ({_ONLY_HERE})",
            f"UPDATE person SET display = '{ERASED}' WHERE name IN ({_ONLY_HERE})",
            "UPDATE person_role SET valid_to = greatest(valid_from, now()) WHERE site = %(site)s "
            "AND (valid_to IS NULL OR valid_to > now())",
        ),
        "that somebody was chosen, from when to when, under a name that says nothing",
    ),
    Held(
        "drill",
        "drills of the house",
        "SELECT announced_at, incident FROM drill WHERE site = %(site)s ORDER BY id",
        stays="days: coverage is reckoned from them",
    ),
    Held(
        "hook_delivery",
        "what other systems are told of each call",
        stays="the site's number and what happened; deleted after a week",
    ),
    Held("hook_seen", "how far a call had come when they were told", stays="no data of people"),
    Held("told", "under which name a report was sent", stays="ids: what is sent again shall open nothing"),
    Held(
        "hotline_call",
        "telephone calls about the house",
        f"SELECT id, taken_at, settled, incident FROM hotline_call WHERE incident IN ({_INCIDENTS}) ORDER BY id",
        (f"UPDATE hotline_call SET caller = NULL, why = '' WHERE incident IN ({_CLOSED})",),
        "that somebody telephoned, and when; an open call keeps the number until it is closed",
    ),
    Held(
        "report_photo",
        "photos that were sent with a report about the house",
        "SELECT id, incident, size, sent_at, deleted_at FROM report_photo "
        f"WHERE incident IN ({_INCIDENTS}) ORDER BY sent_at",
        (
            f"UPDATE report_photo SET sealed = NULL, deleted_at = now(), deleted_why = '{ERASED}' "
            f"WHERE deleted_at IS NULL AND incident IN ({_INCIDENTS})",
        ),
        "that there was one",
    ),
    Held(
        "course",
        "what was being done about each call",
        stays="ids of steps and targets: who was called is in the steps of the call",
    ),
    Held("course_wanted", "which calls somebody should look at now", stays="ids alone, until the next second"),
    Held(
        "notification",
        "whom the county told of each call, and by which way",
        "SELECT incident, channel, kind, state, state_at FROM notification "
        f"WHERE incident IN ({_INCIDENTS}) ORDER BY id",
        (
            "UPDATE notification SET fields = fields - 'place' - 'landmark' "
            f"WHERE incident IN ({_CLOSED}) AND state <> 'queued' AND NOT {_LIVES}",
        ),
        "that somebody was told, and when; deleted after 90 days",
    ),
    Held(
        "matter",
        "matters that were raised for it",
        "SELECT id, code, place, words, raised_at, unit, stage, ended, ended_at, said FROM matter "
        "WHERE site = %(site)s ORDER BY id",
        (
            f"UPDATE matter SET words = '{ERASED}', place = '', said = '', photos = '{{}}', latitude = NULL, "
            f"longitude = NULL WHERE id IN ({_MATTERS})",
        ),
        "which matter it was, when, and how it ended: figures are reckoned from it; an open one keeps its words",
    ),
    Held("matter_limit", "its limits", stays="days and departments"),
    Held(
        "matter_line",
        "what was done about each matter",
        "SELECT matter, at, act, by, detail FROM matter_line WHERE matter IN "
        "(SELECT id FROM matter WHERE site = %(site)s) ORDER BY id",
        (
            _LINES,
            "UPDATE matter_line SET detail = jsonb_strip_nulls(jsonb_build_object('code', detail -> 'code', "
            f"'unit', detail -> 'unit', 'source', detail -> 'source')) WHERE matter IN ({_MATTERS})",
        ),
        "the steps without the words",
    ),
    Held(
        "volunteer_order",
        "what it asked of volunteers",
        "SELECT id, service, words, ordered_at, stage, ended, ended_at, said FROM volunteer_order "
        "WHERE site = %(site)s ORDER BY id",
        (f"UPDATE volunteer_order SET words = '{ERASED}', said = '' WHERE id IN ({_ORDERS})",),
        "which service it was, and when; an open one keeps its words",
    ),
    Held(
        "volunteer_order_line",
        "what was done about each order",
        "SELECT volunteer_order, at, act, by FROM volunteer_order_line WHERE volunteer_order IN "
        "(SELECT id FROM volunteer_order WHERE site = %(site)s) ORDER BY id",
        (_LINES, f"UPDATE volunteer_order_line SET detail = '{{}}' WHERE volunteer_order IN ({_ORDERS})"),
        "the steps without the words",
    ),
    Held("audit", "who looked at the house's data, changed or decided something", stays="ids and days, for ever"),
    Held("figure_fact", "what a call comes to in figures", stays="kinds and times of calls: figures are of them"),
    Held(
        "patrol",
        "when somebody of the village looked in",
        "SELECT at, said FROM patrol WHERE site = %(site)s ORDER BY at",
        stays="ids and days: figures are of them",
    ),
    Held(
        "site_code",
        "codes of the label",
        erase=("UPDATE site_code SET ended_at = coalesce(ended_at, now()) WHERE site = %(site)s",),
        stays="codes that are in use no more",
    ),
    Held(
        "pairing",
        "phones that were paired with the lamp",
        "SELECT agent, paired_at, seen_at, ended_at FROM pairing WHERE site = %(site)s ORDER BY id",
        ("DELETE FROM pairing WHERE site = %(site)s",),
    ),
    Held(
        "site_fault",
        "faults that were reported of its devices",
        "SELECT what, words, source, times, first_at, ended_at FROM site_fault WHERE site = %(site)s ORDER BY id",
        ("UPDATE site_fault SET words = '' WHERE site = %(site)s",),
        "that there was a fault, and when",
    ),
    Held("phone_act", "that a phone said something about a call", stays="ids, so that nothing is done twice"),
    Held("rollout_device", "that a program was on its way to a device", stays="no data of people"),
    Held("firmware_offer", "programs that were offered to a device", stays="no data of people"),
    Held("command", "what the village's gateway is told", stays="deleted when the call is closed for all"),
    Held("feed", "what screens are told", stays="deleted after two days"),
)
