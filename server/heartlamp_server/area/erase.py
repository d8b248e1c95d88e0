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

_MATTERS = "SELECT id FROM matter WHERE site = %(site)s"
_ORDERS = "SELECT id FROM volunteer_order WHERE site = %(site)s"
# These timelines are only added to, by a trigger that lets erasure through, by this name, in this transaction.
_ERASING = "SELECT set_config('heartlamp.erasing', '{}', true)"

ERASED = "已删除 · erased"


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
        "timeline",
        "what was done about each call, with what operators wrote",
        f"SELECT incident, at, kind, detail FROM timeline WHERE incident IN ({_INCIDENTS}) ORDER BY id",
        (
            f'UPDATE timeline SET detail = detail || \'{{"note": "{ERASED}"}}\' '
            f"WHERE detail ? 'note' AND incident IN ({_CLOSED})",
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
        "SELECT announced_at, incident, marked_at FROM drill WHERE site = %(site)s ORDER BY id",
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
        "what was raised about the house with a department",
        "SELECT id, code, words, stage, raised_at, ended, ended_at FROM matter WHERE site = %(site)s ORDER BY id",
        (
            f"UPDATE matter SET words = '{ERASED}', said = '', place = '', latitude = NULL, longitude = NULL, "
            "photos = '{}' WHERE site = %(site)s AND ended <> ''",
        ),
        "that there was one, of which kind and how long it took; an open one keeps its words until it has ended",
    ),
    Held("matter_limit", "by when each was to be done", stays="hours: figures are of them"),
    Held(
        "matter_line",
        "what was done about each",
        f"SELECT matter, at, act, detail FROM matter_line WHERE matter IN ({_MATTERS}) ORDER BY id",
        (
            _ERASING.format("matter_line"),
            f"UPDATE matter_line SET detail = '{{}}' WHERE matter IN ({_MATTERS} AND ended <> '')",
            _ERASING.format(""),
        ),
        "the steps without the words",
    ),
    Held(
        "volunteer_order",
        "what the house asked of volunteers",
        "SELECT id, service, words, stage, ordered_at, ended, ended_at FROM volunteer_order "
        "WHERE site = %(site)s ORDER BY id",
        (f"UPDATE volunteer_order SET words = '{ERASED}', said = '' WHERE site = %(site)s AND ended <> ''",),
        "that something was asked for, and when; an open order keeps its words until it has ended",
    ),
    Held(
        "volunteer_order_line",
        "what was done about each",
        f"SELECT volunteer_order, at, act, detail FROM volunteer_order_line WHERE volunteer_order IN ({_ORDERS}) "
        "ORDER BY id",
        (
            _ERASING.format("volunteer_order_line"),
            f"UPDATE volunteer_order_line SET detail = '{{}}' WHERE volunteer_order IN ({_ORDERS} AND ended <> '')",
            _ERASING.format(""),
        ),
        "the steps without the words",
    ),
    Held("audit", "who looked at the house's data, changed or decided something", stays="ids and days, for ever"),
    Held("figure_fact", "what a call comes to in figures", stays="kinds and times of calls: figures are of them"),
    Held("firmware_offer", "programs that were offered to a device", stays="no data of people"),
    Held("command", "what the village's gateway is told", stays="deleted when the call is closed for all"),
    Held("feed", "what screens are told", stays="deleted after two days"),
)
