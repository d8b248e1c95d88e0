"""provision, visit, replace, label: what is done at a house."""

from dataclasses import dataclass
from dataclasses import replace as replaced
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from heartlamp_tech import boards, kept
from heartlamp_tech.cli import parts
from heartlamp_tech.cli.county import ask_claims
from heartlamp_tech.cli.parts import console
from heartlamp_tech.county.claims import Claim
from heartlamp_tech.county.web import Offline, Refused
from heartlamp_tech.flash.boards import Order, flash
from heartlamp_tech.flash.several import Log, Told, each
from heartlamp_tech.label.printing import print_out, save
from heartlamp_tech.label.sheet import Label
from heartlamp_tech.provision import before, csv_rows
from heartlamp_tech.provision.consent import TEXTS
from heartlamp_tech.provision.csv_rows import Row
from heartlamp_tech.provision.hands import Bench, Hands, Person
from heartlamp_tech.provision.visit import Desk, Plan, Visited, ended, visit
from heartlamp_tech.trouble import FAILED, NOTHING, Trouble

OUTCOMES = ("nobody_home", "refused", "no_consent", "no_socket", "no_link", "moved")


@dataclass(frozen=True)
class Day:
    """What holds for every house of this command."""

    desk: Desk
    fingers: Path | None
    order: Order | None
    wifi: dict[str, str] | None
    labels: Path
    log: Log

    def hands(self, port: str) -> Hands:
        return Bench(self.fingers, port) if self.fingers else Person(console)


def provision(
    site: Annotated[list[str] | None, typer.Argument(help="The site, as the county names it.")] = None,
    port: Annotated[str, parts.OnePort] = "",
    csv: Annotated[Path | None, typer.Option(help=f"A list instead: {','.join(csv_rows.COLUMNS)}.")] = None,
    kind: Annotated[str, typer.Option(help="Of the device.")] = "lamp",
    board: Annotated[str, typer.Option(help="A name of hardware/boards.")] = "",
    flash: Annotated[
        bool, typer.Option("--flash", help="Also from a bare board: MicroPython and our program first.")
    ] = False,
    wifi: Annotated[
        str, typer.Option(help="Name of the network that the device joins; its password is asked for.")
    ] = "",
    language: Annotated[str, typer.Option(help=f"Of what is read aloud: {', '.join(TEXTS)}.")] = "zh",
    jobs: Annotated[int, typer.Option(help="So many boards at once, where the list names their ports.")] = 1,
    printer: Annotated[str | None, typer.Option(help="Print the labels there; '' the default one.")] = None,
    log: Annotated[Path | None, parts.LogFile] = None,
    hands: Annotated[Path | None, parts.Hands] = None,
) -> None:
    """Make a board the device of a site: consent, settings, proof, self-test, drill, and only then its label.

    Given again after whatever happened, it goes on where it was or begins cleanly.
    """
    known = boards.read_all(parts.REPO / "hardware/boards")
    if csv is None:
        if not site or not port:
            raise Trouble(
                "provision needs a site and a --port",
                "or a list: `--csv FILE`; `heartlamp-tech claims sites` shows them",
            )
        rows = [Row(0, one, kind, board, port, None, "", language) for one in site]
        parts.there(port)  # before a claim is taken
        bad: list[csv_rows.BadRow] = []
        if board not in known:
            raise Trouble(f"there is no board {board!r}", f"name one by --board: {', '.join(sorted(known))}")
    else:
        rows, bad = csv_rows.read(_text(csv), known, board, TEXTS)
    for one in bad:
        console.print(f"[red]✗[/] line {one.number} {one.site}: {one.why}", highlight=False)
    order = Order(parts.images(), parts.built()) if flash else None
    labels = parts.home() / "labels"
    day = Day(parts.desk(), hands, order, _wifi(wifi), labels, Log(log))
    rows, over, taken = _to_do(day.desk, rows, port if csv is None else "")
    if not rows and not taken and csv is None:
        raise typer.Exit(NOTHING)
    _claims(day.desk, rows)
    at = {row.port or port: row for row in rows if row.port} if jobs > 1 else {}
    names = [f"{row.site} {row.kind}" for row in rows]
    by_name = dict(zip(names, rows, strict=True))
    done, failed, code = each(
        names,
        lambda name, told: _one(day, by_name[name], port, told),
        console,
        day.log,
        jobs if at else 1,
        bars=hands is not None,
    )
    _show(done)
    printed = [save_label(day.labels, one.claim) for one in done.values() if one.outcome == "done"]
    for file in printed:
        console.print(f"label: {file}", highlight=False)
        if printer is not None:
            print_out(file, printer)
    if csv is not None:
        without = len(done) - len(printed)
        console.print(
            f"{len(printed)} done, {without} without a device, {over} done before, {len(failed) + taken} failed, "
            f"{len(bad)} rows refused",
            highlight=False,
        )
    raise typer.Exit(FAILED if bad or taken else code)


def visited(
    site: Annotated[str, typer.Argument(help="The site.")],
    outcome: Annotated[str, typer.Argument(help=", ".join(OUTCOMES))],
    kind: Annotated[str, typer.Option(help="Of the device that was meant.")] = "",
    note: Annotated[str, typer.Option(help="For whoever comes next; no names, no health.")] = "",
) -> None:
    """What became of a visit that put nothing on the wall: the claim ends, and its key was never live, or dies."""
    if outcome not in OUTCOMES:
        raise Trouble(
            f"there is no outcome {outcome}", f"one of {', '.join(OUTCOMES)}; `done` comes by provision alone"
        )
    desk = parts.desk()
    claim = desk.claims.of_site(site, kind)
    if claim is None:
        raise Trouble(f"there is no claim for {site} on this laptop", f"`heartlamp-tech claims fetch {site}`")
    done = ended(desk, claim, outcome, note, lambda stage, part: None)
    console.print(f"{site}: {outcome}{'' if done.told else ', to be told by `heartlamp-tech upload`'}", highlight=False)
    if outcome == "nobody_home":
        console.print("→ leave the card: when you come again, and the village's telephone", highlight=False)


def replace(
    device: Annotated[str, typer.Argument(help="The broken one.")],
    port: Annotated[str, parts.OnePort],
    board: Annotated[str, typer.Option(help="Of the new one: a name of hardware/boards.")],
    flash: Annotated[bool, typer.Option("--flash", help="Also from a bare board.")] = False,
    wifi: Annotated[str, typer.Option(help="Name of the network that it joins.")] = "",
    log: Annotated[Path | None, parts.LogFile] = None,
    hands: Annotated[Path | None, parts.Hands] = None,
) -> None:
    """A new device for the site of a broken one, which ends at the moment when the new one proves itself."""
    parts.board(board)
    desk = parts.desk()
    claim = next((one for one in desk.claims.all() if one.replaces == device and one.settings), None)
    if claim is None:
        claim = desk.claims.add([parts.county().post(f"/api/devices/{device}/replace", {"board": board})])[0]
    order = Order(parts.images(), parts.built()) if flash else None
    day = Day(desk, hands, order, _wifi(wifi), parts.home() / "labels", Log(log))
    row = Row(0, claim.site, claim.kind, board, port, None, "", "zh")
    done, _, code = each(
        [claim.site], lambda name, told: _one(day, row, port, told), console, day.log, 1, hands is not None
    )
    _show(done)
    for one in done.values():
        console.print(f"label: {save_label(day.labels, one.claim)}", highlight=False)
    raise typer.Exit(code)


def label(
    site: Annotated[list[str] | None, typer.Argument(help="Sites; without any, all labels of this laptop.")] = None,
    to: Annotated[Path, typer.Option("--to", "-o", help="A .pdf or .svg; ten labels a page.")] = Path("labels.pdf"),
    printer: Annotated[str | None, typer.Option(help="Print it there; '' the default one.")] = None,
) -> None:
    """QR label sheet: the place, its village, where to report a fault. No secret."""
    there = {file.stem: kept.read_json(file) for file in sorted((parts.home() / "labels").glob("*.json"))}
    wanted = site or sorted(there)
    missing = [one for one in wanted if one not in there]
    if missing:
        raise Trouble(
            f"there is no label for {missing[0]} here",
            "a label comes with a passed self-test: `heartlamp-tech provision`",
        )
    if not wanted:
        console.print("no site was provisioned with this laptop yet", highlight=False)
        raise typer.Exit(NOTHING)
    for file in save([Label.of(there[one]) for one in wanted], to):
        console.print(str(file), highlight=False)
        if printer is not None:
            print_out(file, printer)


def save_label(folder: Path, claim: Claim) -> Path:
    """A sheet with this one label, and what `label` makes sheets of."""
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in claim.site)
    kept.write_json(folder / f"{name}.json", claim.label)
    return save([Label.of(claim.label)], folder / f"{name}.pdf")[0]


def _one(day: Day, row: Row, port: str, told: Told) -> Visited:
    port = row.port or port
    if not port:
        raise Trouble(f"no port is named for {row.site}", "name it in the list, or by --port")
    hands = day.hands(port)
    if row.number and not row.port:
        hands.board_for(row.site, port)
    claim = day.desk.claims.of_site(row.site, row.kind)
    if claim is None:
        raise Trouble(
            f"there is no claim for {row.site}",
            "the county refused it, see above; `heartlamp-tech claims sites` shows why",
        )
    if day.order is not None and row.consent is not False and not _is_written(day.desk, row):
        flash(port, day.order, lambda stage, part: told(f"flash: {stage}", 0.3 * part))
    consent = None
    if row.consent is not None:
        consent = {"given": row.consent, "language": row.language, "witness": row.witness, "voice": ""}
    more: dict[str, Any] = {"wifi": day.wifi} if day.wifi else {}
    plan = Plan(row.board, row.language, more, consent)
    done = visit(day.desk, claim, port, plan, hands, told)
    day.log.add(
        "visited",
        site=row.site,
        device=claim.device,
        outcome=done.outcome,
        tests=done.tests,
        mains_off=done.mains_off,
        seconds=done.seconds,
    )
    return done


def _is_written(desk: Desk, row: Row) -> bool:
    """Whether its board was given this very site's settings before the cable came off: then it is not flashed."""
    return any(one.site == row.site and one.stage != "claimed" for one in desk.journal.open_visits())


def _to_do(desk: Desk, rows: list[Row], port: str) -> tuple[list[Row], int, int]:
    """(rows to be visited, how many were before, how many name a board that is taken); says of each other row why."""
    left, over = [], 0
    for row in rows:
        device = before.done_already(desk, row)
        if device:
            over += 1
            console.print(
                f"[green]✓[/] {row.site} {row.kind}: done before, {device}\n  → broken: `heartlamp-tech replace "
                f"{device}`; one more beside it: `heartlamp-tech claims fetch {row.site}`, then this command again",
                highlight=False,
            )
        else:
            left.append(replaced(row, port=row.port or port))
    new = [row for row in left if not before.has_claim(desk, row)]
    taken = before.taken_boards(desk, new)
    for n, trouble in taken.items():
        console.print(f"[red]✗[/] {new[n].site} {new[n].kind}: {trouble.error}\n  → {trouble.do}", highlight=False)
    gone = [new[n] for n in taken]
    return [row for row in left if row not in gone], over, len(gone)


def _claims(desk: Desk, rows: list[Row]) -> None:
    """One for each row that has none yet; who is offline has them since the morning."""
    for board in dict.fromkeys(row.board for row in rows):
        for kind in dict.fromkeys(row.kind for row in rows):
            lacking = [r.site for r in rows if (r.board, r.kind) == (board, kind) and not before.has_claim(desk, r)]
            if lacking:
                try:
                    ask_claims(lacking, 0, kind, board, False)
                except Offline as away:
                    raise Trouble(
                        f"{len(lacking)} sites have no claim on this laptop, and the county does not answer",
                        "`heartlamp-tech claims fetch --offline` in the morning, where there is a network",
                    ) from away
                except Refused as no:
                    if no.status != 404:
                        raise
                    # none of these sites is known: the list's other rows are done
                    console.print(f"[red]✗[/] {', '.join(lacking)}: {no.error}\n  → {no.do}", highlight=False)


def _show(done: dict[str, Visited]) -> None:
    for name, one in done.items():
        took = sum(one.seconds.values())
        passed = f"{sum(test['ok'] for test in one.tests)} of {len(one.tests)} tests passed"
        later = "" if one.told else ", to be told by `heartlamp-tech upload`"
        said = f"[green]✓[/] {name}: done, {one.claim.device}, {passed}, {took:.1f} s"
        if one.outcome != "done":
            said = f"[yellow]–[/] {name}: {one.outcome}, nothing was put up"
        console.print(f"{said}{later}", highlight=False)
        if one.mains_off is not None:
            console.print(without_mains(one.mains_off), highlight=False)


def without_mains(test: dict[str, Any]) -> str:
    """What the press with mains and router off came to. It keeps no visit from being done: where the router is the only
    way out, no press can pass; but nobody may leave without knowing it."""
    words = f"with mains and router off: {test['found']}"
    if test["ok"]:
        return f"  {words}"
    return (
        f"[yellow]! {words}[/]\n  → in a power cut nobody may hear this house: look at its backup cell, and tell "
        "the office that it needs a way out that is not the home's router"
    )


def _wifi(name: str) -> dict[str, str] | None:
    return {"ssid": name, "password": getpass(f"password of {name}: ")} if name else None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} cannot be read: {error}", "save the list as CSV in UTF-8") from None
