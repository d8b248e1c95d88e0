"""login, claims, upload, fleet: the county's end of a day."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from heartlamp_tech.cli import parts
from heartlamp_tech.cli.parts import console
from heartlamp_tech.county.web import Offline, Refused
from heartlamp_tech.fleet.route import TODO, routed
from heartlamp_tech.trouble import FAILED, NOTHING, Trouble

CLAIM = re.compile("[0-9a-f]{16}")

claims = typer.Typer(no_args_is_help=True, help="Sites to be visited, and the one-time claims for their devices.")


def login(
    url: Annotated[str, typer.Argument(help="Of the county, https://…")],
    name: Annotated[str, typer.Argument(help="Of your account.")],
    ca: Annotated[Path | None, typer.Option(help="The county's ca.pem, where it has a CA of its own.")] = None,
    code: Annotated[str, typer.Option(help="Of your authenticator app, where you have one.")] = "",
) -> None:
    """Log in to the county. The password is asked for (or HEARTLAMP_PASSWORD), and never kept."""
    password = os.environ.get("HEARTLAMP_PASSWORD") or typer.prompt("password", hide_input=True)
    try:
        parts.county().log_in(url, name, password, code, ca)
    except Offline as away:
        raise Trouble(away.error, f"look at the address ({url}) and at the network; nobody is logged in") from None
    console.print(f"logged in to {url} as {name}; the session is kept, the password is not", highlight=False)


@claims.command("sites")
def claims_sites(village: Annotated[int, typer.Option(help="Its number in the county; 0: all of yours.")] = 0) -> None:
    """The sites that you install in, and how they stand."""
    table = Table("site", "place", "village", "state", "wanted", "last visit")
    for one in _sites(village):
        visit = one["last_visit"]
        last = f"{visit['outcome']} {visit['at'][:10]}" if visit else ""
        place = f"{one['name']} {one['landmark']}".strip()
        table.add_row(
            one["site"], place, f"{one['village_name']} ({one['village']})", one["state"], " ".join(one["wanted"]), last
        )
    console.print(table)


@claims.command("fetch")
def claims_fetch(
    site: Annotated[list[str] | None, typer.Argument(help="Sites; without any, all that want a device.")] = None,
    village: Annotated[int, typer.Option(help="Only of this village, by its number.")] = 0,
    kind: Annotated[str, typer.Option(help="Of the device.")] = "lamp",
    board: Annotated[str, typer.Option(help="A name of hardware/boards.")] = "",
    offline: Annotated[
        bool, typer.Option(help="For a day without a network: they live at once, and lapse by themselves.")
    ] = False,
) -> None:
    """Claim sites for today: each claim works once, for 18 hours."""
    wanted = site or [
        one["site"] for one in _sites(village) if kind in one["wanted"] and one["state"] in ("open", "revisit")
    ]
    if not wanted:
        console.print("no site wants such a device\n  → `heartlamp-tech claims sites` shows how they stand")
        raise typer.Exit(NOTHING)
    try:
        _, refused = ask_claims(wanted, village, kind, board, offline)
    except Refused as no:
        if no.status != 404:
            raise
        raise Trouble(f"{no.error}: {', '.join(wanted)}", no.do) from None
    raise typer.Exit(FAILED if refused else 0)


@claims.command("list")
def claims_list() -> None:
    """Those on this laptop, without their secrets."""
    desk = parts.desk()
    open_visits = {one.claim: one.stage for one in desk.journal.open_visits()}
    table = Table("site", "place", "device", "kind", "visit", "offline", "claim")
    for one in desk.claims.all():
        state = open_visits.get(one.id, "to do" if one.settings else "over, to be told")
        table.add_row(one.site, one.site_name, one.device, one.kind, state, "yes" if one.offline else "", one.id)
    console.print(table)


@claims.command("end")
def claims_end(claim: Annotated[str, typer.Argument(help="Its id: the refusal of a second claim names it.")]) -> None:
    """Give an unused claim up: its site can be claimed again. For a laptop that was lost, too."""
    if not CLAIM.fullmatch(claim):
        raise Trouble(f"{claim!r} is no claim's id", "`heartlamp-tech claims list` shows those of this laptop")
    parts.county().post(f"/api/claims/{claim}/end")
    parts.desk().claims.forget(claim)
    console.print(f"{claim} is over", highlight=False)


def ask_claims(sites: list[str], village: int, kind: str, board: str, offline: bool) -> tuple[int, int]:
    """Fetches them and says what came. -> (how many, how many were refused)"""
    body: dict[str, Any] = {"sites": [{"site": one, "kind": kind, "board": board} for one in sites], "offline": offline}
    if village:
        body["village"] = village
    said = parts.county().post("/api/claims", body)
    for one in parts.desk().claims.add(said["claims"]):
        console.print(f"[green]✓[/] {one.site} {one.site_name}: {one.kind} {one.device}", highlight=False)
        if one.beside:
            console.print(
                f"[yellow]! there is a {one.kind} at this site already: {', '.join(one.beside)}[/]\n"
                f"  → it stays, beside the new one; where it is broken: `heartlamp-tech claims end {one.id}`, then "
                f"`heartlamp-tech replace {one.beside[0]}`",
                highlight=False,
            )
    for one in said["refused"]:
        console.print(f"[red]✗[/] {one['site']}: {one['error']['en']} ({one['code']})", highlight=False)
        console.print(f"  → {one['do']['en']}", highlight=False)
    return len(said["claims"]), len(said["refused"])


def upload() -> None:
    """Tell the county what became of the day's visits; again does no harm."""
    results = parts.desk().results
    if not results.waiting():
        console.print("nothing waits: the county knows of every visit", highlight=False)
        raise typer.Exit(NOTHING)
    sent, refused = results.send()
    console.print(f"{sent} told", highlight=False)
    for one in refused:
        console.print(f"[red]✗[/] {one.error}\n  → {one.do}", highlight=False)
    raise typer.Exit(FAILED if refused else 0)


def fleet(
    village: Annotated[int, typer.Option(help="Only of this village, by its number.")] = 0,
    todo: Annotated[str, typer.Option(help=f"Only this: {', '.join(TODO)}.")] = "",
) -> None:
    """What is to be done today, by village, in the order of a route."""
    query = "&".join(f"{name}={value}" for name, value in (("village", village), ("todo", todo)) if value)
    rows = parts.county().get("/api/fleet" + ("?" + query if query else ""))["rows"]
    if not rows:
        console.print("nothing is to be done: every device is well", highlight=False)
        raise typer.Exit(NOTHING)
    for place, group in routed(rows):
        table = Table("", "site", "device", "to do", "since", "last seen", title=place, title_justify="left")
        for number, row in enumerate(group, 1):
            what = "\n".join(TODO.get(code, code) for code in row["todo"])
            since, seen = (str(row.get(name) or "–")[:16].replace("T", " ") for name in ("since", "last_seen"))
            table.add_row(
                str(number), f"{row['site']} {row['site_name']}", f"{row['device']}\n{row['kind']}", what, since, seen
            )
        console.print(table)


def _sites(village: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parts.county().get("/api/installing" + (f"?village={village}" if village else ""))[
        "sites"
    ]
    return found
