"""Whatever is done to a chain by who has no key is found, at the first row that is wrong, and called by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from heartlamp_server.audit import copies
from heartlamp_server.audit.key import public_hex, signing_key
from heartlamp_server.audit.model import NOWHERE, Head, Row, check, follow, line, link, read_head, signed_words
from heartlamp_server.audit.verify import Link, Whole, Wrong, verify
from hypothesis import given
from hypothesis import strategies as st

KEY = signing_key(bytes(32))
PUBLIC = public_hex(KEY)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(n: int, **other: str) -> Row:
    fields = {"who": f"op{n % 3}", "what": "look.incident", "about": f"e{n}", "site": f"s{n % 5}"} | other
    return Row(NOON + timedelta(seconds=n), **fields, detail={"answer": "closed"} if n % 4 else {})


def chain(many: int, signed: Callable[[int], bool] = lambda n: True) -> list[Link]:
    links, head = [], NOWHERE
    for n in range(1, many + 1):
        head = follow(head, row(n))
        one = Link(n, head.hash, row(n))
        links.append(sign(one) if signed(n) or n == many else one)
    return links


def sign(one: Link, key: Ed25519PrivateKey = KEY) -> Link:
    at = NOON + timedelta(hours=1, seconds=one.n)
    return replace(one, signed_at=at, signature=key.sign(signed_words(Head(one.n, one.hash), at)))


def judge(links: list[Link], printed: tuple[int | None, bytes] | None = None) -> Whole | Wrong:
    return verify(lambda: iter(links), PUBLIC, printed)


def found(links: list[Link], printed: tuple[int | None, bytes] | None = None) -> tuple[str, int]:
    wrong = judge(links, printed)
    assert isinstance(wrong, Wrong), wrong
    assert wrong.proven < wrong.n or wrong.why.startswith("not the row")
    return wrong.kind, wrong.n


def renumbered(links: list[Link]) -> list[Link]:
    return [replace(one, n=n) for n, one in enumerate(links, 1)]


def remade(links: list[Link], start: int) -> list[Link]:
    """With hashes that fit, from row `start` on; the signatures are as they were."""
    head = Head(start - 1, links[start - 2].hash if start > 1 else NOWHERE.hash)
    made = links[: start - 1]
    for one in links[start - 1 :]:
        assert one.row is not None
        head = follow(head, one.row)
        made.append(replace(one, n=head.n, hash=head.hash))
    return made


def test_the_bytes_of_a_row_are_written_down() -> None:
    """As the module says, so that another program can do it; the hash is sha256sum's."""
    one = Row(NOON, "duty", "incident.answer", "lamp0a1b.4f", "s12", {"how": "spoke_to", "answer": "closed"})
    said = (
        b'{"about":"lamp0a1b.4f","at":"2026-03-01T12:00:00.000000Z","detail":{"answer":"closed","how":"spoke_to"},'
        b'"n":17,"site":"s12","what":"incident.answer","who":"duty"}'
    )
    assert line(17, one) == said
    assert link(bytes(32), 17, one).hex() == "fa538959858cdcc9cf487fbf741eef25e95c8f27fcaa0382da5529b698d881f5"
    beijing = replace(one, at=datetime.fromisoformat("2026-03-01T20:00:00+08:00"))
    assert line(17, beijing) == said


def test_a_whole_chain_is_whole() -> None:
    links = chain(20, lambda n: n % 7 == 0)
    assert judge(links) == Whole(Head(20, links[-1].hash))
    assert judge(links, (None, links[11].hash)) == Whole(Head(20, links[-1].hash), 12)
    assert judge(links, (12, links[11].hash)) == Whole(Head(20, links[-1].hash), 12)
    assert judge([]) == Whole(NOWHERE)


places = st.integers(1, 12)
signs = st.frozensets(places)


@given(places, signs)
def test_a_changed_row_is_found(at: int, signed: frozenset[int]) -> None:
    links = chain(12, signed.__contains__)
    links[at - 1] = replace(links[at - 1], row=row(at, who="somebody"))
    assert found(links) == ("changed", at)


@given(places)
def test_a_row_changed_together_with_its_hash_is_found(at: int) -> None:
    links = chain(12)
    links[at - 1] = replace(links[at - 1], row=row(at, who="somebody"))
    links[at - 1] = remade(links, at)[at - 1]
    assert found(links) == ("changed" if at < 12 else "rewritten", at)


def test_where_no_head_stands_between_two_rows_both_are_named() -> None:
    links = chain(12, lambda n: n == 3)
    links[6] = replace(links[6], row=row(7, who="somebody"))
    links[6] = remade(links, 7)[6]
    wrong = judge(links)
    assert isinstance(wrong, Wrong)
    assert (wrong.kind, wrong.n, wrong.proven) == ("changed", 8, 3)
    assert "or row 7 was changed together with its hash" in wrong.why


@given(st.integers(1, 11), st.integers(1, 5), signs, st.booleans())
def test_deleted_rows_are_found(at: int, many: int, signed: frozenset[int], number_anew: bool) -> None:
    links = chain(18, signed.__contains__)
    del links[at - 1 : at - 1 + many]
    assert found(renumbered(links) if number_anew else links) == ("deleted", at)


@given(places, signs)
def test_a_row_that_is_gone_from_its_place_is_found(at: int, signed: frozenset[int]) -> None:
    links = chain(12, signed.__contains__)
    links[at - 1] = replace(links[at - 1], row=None)
    assert found(links) == ("deleted", at)


@given(places, signs, st.sampled_from(["any", "fitting"]))
def test_an_inserted_row_is_found(at: int, signed: frozenset[int], hash: str) -> None:
    links = chain(13, signed.__contains__)
    stranger = row(50)
    before = links[at - 2].hash if at > 1 else NOWHERE.hash
    links.insert(at - 1, Link(at, link(before, at, stranger) if hash == "fitting" else bytes(32), stranger))
    assert found(renumbered(links)) == ("inserted", at)


@given(places, places, signs, st.sampled_from(["lines", "rows", "rows and hashes"]))
def test_rows_in_another_order_are_found(one: int, other: int, signed: frozenset[int], what: str) -> None:
    if one == other:
        return
    links = chain(12, signed.__contains__)
    a, b = links[one - 1], links[other - 1]
    if what == "lines":
        links[one - 1], links[other - 1] = b, a
    elif what == "rows":
        links[one - 1], links[other - 1] = replace(a, row=b.row), replace(b, row=a.row)
    else:
        links[one - 1], links[other - 1] = replace(a, row=b.row, hash=b.hash), replace(b, row=a.row, hash=a.hash)
    assert found(links) == ("reordered", min(one, other))


@given(places)
def test_a_chain_made_anew_is_found_by_the_signatures(at: int) -> None:
    links = chain(12, lambda n: n % 3 == 0)
    links[at - 1] = replace(links[at - 1], row=row(at, who="somebody"))
    proven = (at - 1) // 3 * 3
    assert found(remade(links, at)) == ("rewritten", proven + 1)
    foreign = signing_key(b"x" * 32)
    signed = [
        replace(one, signature=foreign.sign(signed_words(Head(one.n, one.hash), one.signed_at)))
        if one.signed_at
        else one
        for one in remade(links, at)
    ]
    assert found(signed) == ("rewritten", 1), "signed by a key of their own: none of it is the county's"


def test_whoever_has_the_key_too_is_found_by_the_printed_head() -> None:
    links = chain(12)
    printed = (9, links[8].hash)
    links[4] = replace(links[4], row=row(5, who="somebody"))
    again = [sign(one) for one in remade(links, 5)]
    assert isinstance(judge(again), Whole), "nothing in the database can show it"
    assert found(again, printed)[0] == "rewritten"
    assert found(again, (None, printed[1]))[0] == "truncated", "without its number it may as well be cut off"


@given(st.integers(0, 11))
def test_a_cut_end_is_found(kept: int) -> None:
    links = chain(12)
    assert found(links[:kept], (12, links[-1].hash)) == ("truncated", kept + 1)
    assert isinstance(judge(links[:kept]), Whole), "a signed head that was once the newest: only a printed one shows it"
    batches = chain(12, lambda n: n % 4 == 0)
    if kept % 4:
        assert found(batches[:kept]) == ("truncated", kept + 1), "cut within what was sealed at once"


def test_a_changed_signature_is_told_from_a_changed_row() -> None:
    links = chain(12)
    links[4] = replace(links[4], signed_at=NOON)
    assert found(links) == ("changed", 5)


def exported(file: Path, links: list[Link]) -> list[bytes]:
    with file.open("wb") as out:
        copies.write(out, PUBLIC, iter(links))
    return file.read_bytes().splitlines(keepends=True)


def judged(file: Path, lines: list[bytes]) -> Whole | Wrong | None:
    """None: it is no export any more."""
    file.write_bytes(b"".join(lines))
    try:
        copy = copies.InFile(file)
    except ValueError:
        return None
    return verify(copy.links, PUBLIC, None, lambda done: None, copy.cut)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export") / "audit.jsonl"


def test_an_export_says_what_the_database_says(file: Path) -> None:
    links = chain(12, lambda n: n % 3 == 0)
    lines = exported(file, links)
    copy = copies.InFile(file)
    assert (copy.key, copy.rows, list(copy.links())) == (PUBLIC, 12, links)
    assert judged(file, lines) == Whole(Head(12, links[-1].hash))


@pytest.mark.parametrize(
    ("tamper", "kind", "n"),
    [
        (lambda lines: lines[:5] + lines[6:], "deleted", 5),
        (lambda lines: lines[:-1], "truncated", 13),
        (lambda lines: lines[:-2], "truncated", 12),
        (lambda lines: lines[:6] + lines[-1:], "truncated", 6),
        (lambda lines: [*lines[:-1], b'{"rows":5}\n'], "truncated", 13),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "reordered", 3),
        (lambda lines: [*lines[:3], lines[8], *lines[3:]], "inserted", 3),
        (lambda lines: [*lines[:3], b"noise\n", *lines[4:]], "changed", 3),
        (lambda lines: [*lines[:3], b"[]\n", *lines[4:]], "changed", 3),
        (lambda lines: [*lines[:3], lines[3].replace(b'"op', b'"no'), *lines[4:]], "changed", 3),
        (lambda lines: [*lines[:3], lines[3].replace(b"2026", b"wrong"), *lines[4:]], "changed", 3),
        (lambda lines: [*lines[:3], lines[3].replace(b"{\"answer\":\"closed\"}", b"[]"), *lines[4:]], "changed", 3),
    ],
)  # fmt: skip
def test_what_is_done_to_an_export_is_found(
    file: Path, tamper: Callable[[list[bytes]], list[bytes]], kind: str, n: int
) -> None:
    wrong = judged(file, tamper(exported(file, chain(12))))
    assert isinstance(wrong, Wrong)
    assert (wrong.kind, wrong.n) == (kind, n)


def test_any_other_byte_in_an_export_is_noticed(file: Path) -> None:
    """Each byte of the file in turn, but for its first line: whose key it names is checked by who has a printed one."""
    lines = exported(file, chain(2))
    whole = b"".join(lines)
    for at in range(len(lines[0]), len(whole)):
        other = bytes([whole[at] ^ 0x01])
        outcome = judged(file, [whole[:at] + other + whole[at + 1 :]])
        assert not isinstance(outcome, Whole), (at, whole[at - 20 : at + 9])


def test_verifying_says_how_far_it_is() -> None:
    said: list[int] = []
    verify(lambda: iter(chain(2500, lambda n: n % 500 == 0)), PUBLIC, None, said.append)
    assert said == [1000, 2000, 2500]


def test_nothing_of_a_person_stands_in_a_row() -> None:
    good = row(1)
    assert check(good) == good
    for wrong in (
        replace(good, site="三组 7号"),
        replace(good, detail={"note": "跌倒在井边"}),
        replace(good, detail={"note": "fell at the well"}),
        replace(good, detail={"x": 2**53}),
        replace(good, about="a\nb"),
        replace(good, who="x" * 101),
        replace(good, what="looked"),
    ):
        with pytest.raises(ValueError, match=r"."):
            check(wrong)


def test_a_printed_head_can_be_typed() -> None:
    head = Head(17, bytes(range(32)))
    assert read_head(str(head)) == (17, head.hash)
    assert read_head(f" {head.hash.hex()}\n") == (None, head.hash)
    for wrong in ("", "17", "x:" + head.hash.hex(), "17:abcd", "17:" + "z" * 64):
        with pytest.raises(ValueError, match=r"."):
            read_head(wrong)
