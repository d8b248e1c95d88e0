"""What goes up at once."""

from heartlamp_gateway.rules import batch
from heartlamp_protocol.uplink import BATCH_BYTES_MAX, Item, Note


def kept(n: int, size: int = 10, boot: str = "b1", at: int = 0) -> batch.Kept:
    return batch.Kept(n, boot, at, item=Item(n, 0, "butt7.1", bytes(size)))


def test_a_batch_has_two_hundred_at_most_and_fits_the_wire() -> None:
    assert len(batch.take(kept(n) for n in range(500))) == 200
    large = batch.take(kept(n, 6000) for n in range(200))
    sent = batch.envelope("gwliu1", "0" * 16, "", large, "b1", 0).to_json()
    assert 100 < len(large) < 200
    assert len(sent) <= BATCH_BYTES_MAX


def test_a_notes_longest_texts_fit_what_is_counted_for_them() -> None:
    note = Note(2**53 - 1, 0, "g" * 37, "i" * 60, "w" * 20, "🚨" * 200)
    row = batch.Kept(1, "b1", 0, note=note)
    empty = len(batch.envelope("gwliu1", "0" * 16, "", [], "b1", 0).to_json())
    assert len(batch.envelope("gwliu1", "0" * 16, "", [row], "b1", 2**52).to_json()) - empty <= batch.size(row)


def test_the_age_of_another_boot_is_unknown() -> None:
    sent = batch.envelope("gwliu1", "0" * 16, "", [kept(1, at=100), kept(2, boot="b0")], "b1", 350)
    assert [i.age for i in sent.items] == [250, -1]
