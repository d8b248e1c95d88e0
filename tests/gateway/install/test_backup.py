"""Lightning struck the box. In the cupboard is another one, and on a stick a backup."""

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from heartlamp_gateway.install.backup import BackupError, snapshot, unpack
from heartlamp_gateway.install.restore import relocated

from tests.gateway.install.place import Box, Village
from tests.gateway.rig.waiting import until
from tests.server.county import Gateway

MakeBox = Callable[[], Box]
WORDS = "老井旁的柿子树 on the hill"


def words(folder: Path, text: str = WORDS) -> Path:
    file = folder / f"words-{secrets.token_hex(2)}"
    file.write_text(text + "\n")
    return file


def test_nothing_that_waited_is_lost_and_the_first_box_is_out(village: Village, box: MakeBox, tmp_path: Path) -> None:
    first = box()
    first.setup(village)
    first.run()
    button = village.device("key")
    village.uplink.cut()
    presses = [button.press() for _ in range(20)]
    for press in presses:
        button.is_heard(press)

    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            presses.append(button.press())
            button.is_heard(presses[-1])

    busy = threading.Thread(target=load)
    busy.start()
    saved, secret = tmp_path / "village.backup", words(tmp_path)
    began = len(presses)
    done = first.do("backup", saved, "--passphrase-file", secret).stdout
    assert len(presses) > began  # it took alarms in meanwhile
    after = len(presses)
    until("a press that the backup has not", lambda: len(presses) > after + 5)
    stop.set()
    busy.join()
    assert f"{village.gateway}, " in done

    first.gateway.kill()
    repaired = first.copy(tmp_path / "repaired")
    old_token, old_epoch = first.token(), button.pulses[-1]["epoch"]
    shutil.rmtree(first.folder / "var")
    second = box()
    clock = time.monotonic()
    said = second.do("restore", saved, "--passphrase-file", secret).stdout
    second.gateway.start()
    until("the second box serves the village", lambda: button.pulses[-1]["epoch"] != old_epoch)
    print(f"restored and serving after {time.monotonic() - clock:.1f} s, {len(presses)} presses")
    assert f"this box is {village.gateway} as it was on " in said

    # What a device does when it sees another epoch: it offers what it has no `received` of.
    for press in presses:
        button.again(press)
    village.uplink.mend()
    until("all of it at the county", lambda: village.events() >= set(presses), 30)

    until("a token of its own", lambda: second.token() != old_token)
    second.gateway.says("a new token is in force")
    last = button.press()
    button.is_received(last)
    assert second.gateway.said("refuses us") == 0
    # The first box comes back from the repair shop: it is told so, and keeps all it has.
    assert Gateway(village.county, village.gateway, old_token).http.get("/gateway/v1/registry").status_code == 401
    found = repaired.do("doctor", check=False).stdout
    assert "another box took its place" in found


def test_a_token_that_was_given_though_the_answer_was_lost(village: Village, box: MakeBox) -> None:
    """The power went between the county's commit and our rename."""
    new = box()
    new.setup(village)
    wanted = secrets.token_hex(32)
    (new.data / "papers" / "token.new").write_text(wanted)
    line = Gateway(village.county, village.gateway, new.token())
    assert line.http.post("/gateway/v1/token", content=f'{{"v":1,"token":"{wanted}"}}'.encode()).status_code == 200
    new.gateway.start()
    new.gateway.says("the new one is taken now")
    until("the new token in its place", lambda: new.token() == wanted)
    line = Gateway(village.county, village.gateway, new.token())
    assert line.http.get("/gateway/v1/registry").status_code == 200


def test_a_backup_is_no_use_to_who_finds_it(village: Village, box: MakeBox, tmp_path: Path) -> None:
    first = box()
    first.setup(village)
    first.gateway.start()
    first.gateway.says("devices at")
    saved = tmp_path / "b"
    short = first.do("backup", saved, "--passphrase-file", words(tmp_path, "short"), check=False)
    assert "needs 10 characters" in short.stderr
    assert not saved.exists()
    first.do("backup", saved, "--passphrase-file", words(tmp_path))
    assert saved.stat().st_mode & 0o077 == 0
    held = saved.read_bytes()
    assert first.token().encode() not in held
    second = box()
    wrong = second.do("restore", saved, "--passphrase-file", words(tmp_path, "another one, longer"), check=False)
    assert "the passphrase is another one, or the file was changed" in wrong.stderr
    for at in (10, 40, len(held) // 2, len(held) - 1):
        changed = tmp_path / f"changed{at}"
        changed.write_bytes(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :])
        (tmp_path / f"room{at}").mkdir()
        with pytest.raises(BackupError, match="was changed"):
            unpack(changed, tmp_path / f"room{at}", WORDS)
    assert (
        "no backup" in second.do("restore", words(tmp_path), "--passphrase-file", words(tmp_path), check=False).stderr
    )
    assert not second.config.exists()
    assert list(tmp_path.glob(".backup-*")) == []


def test_a_gateway_that_is_there_is_not_overwritten(village: Village, box: MakeBox, tmp_path: Path) -> None:
    first = box()
    first.setup(village)
    first.gateway.start()
    first.gateway.says("devices at")
    saved, secret = tmp_path / "b", words(tmp_path)
    diary = tmp_path / "diary.txt"
    diary.write_text("not ours")
    kept = first.do("backup", diary, "--passphrase-file", secret, check=False)
    assert "is no backup of a gateway, and stays as it is" in kept.stderr
    assert diary.read_text() == "not ours"
    for _ in range(2):  # each night's takes the place of the one before
        first.do("backup", saved, "--passphrase-file", secret)
    refused = first.do("restore", saved, "--passphrase-file", secret, check=False)
    assert "there is a gateway already" in refused.stderr
    first.config.unlink()
    assert "nothing was changed" in first.do("restore", saved, "--passphrase-file", secret, check=False).stderr


def test_a_snapshot_is_of_one_moment(tmp_path: Path) -> None:
    """Two rows that are only ever written together are so in each copy, however the writer hurries."""
    store = tmp_path / "alarms.db"
    db = apsw.Connection(str(store))
    db.pragma("journal_mode", "wal")
    db.execute("CREATE TABLE word(name TEXT PRIMARY KEY, value TEXT); CREATE TABLE outbox(n, received, device, frame)")
    db.execute("CREATE TABLE fill(x); INSERT INTO word VALUES('epoch', 'e'), ('a', '0'), ('b', '0')")
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            written += 1
            with db:
                db.execute("UPDATE word SET value = ? WHERE name = 'a'", (str(written),))
                db.execute("INSERT INTO fill VALUES(randomblob(2000))")
                db.execute("UPDATE word SET value = ? WHERE name = 'b'", (str(written),))

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    for n in range(10):
        before = written
        assert snapshot(store, tmp_path / f"copy{n}") == ("e", 0)
        copy = apsw.Connection(str(tmp_path / f"copy{n}"))
        values = {value for (value,) in copy.execute("SELECT value FROM word WHERE name IN ('a', 'b')")}
        assert len(values) == 1
        seen |= values
        until("the writer to go on", lambda before=before: written > before)  # type: ignore[misc]
    stop.set()
    writer.join()
    assert len(seen) > 5


def test_paths_of_the_other_box_are_not_taken_over() -> None:
    from heartlamp_gateway.install.joining import Papers

    text = (
        'id = "gwliu1"\ncounty_url = "https://10.0.0.5:8443"\ncounty_ca = "/old/ca.pem"\ntoken_file="/old/token"\n'
        'data_dir = "/old"\n\n[broker]\nhost = "192.168.8.2"\nport = 8883\ncert = "/old/c"\nkey = "/old/k"\n'
        'ca = "/old/ca"\nsocket = "/old/s"\n\n[siren]\nca = "mine"\nhost = "mine too"\n'
    )
    made = relocated(text, Path("/new"), Papers(Path("/new/papers")), "192.168.8.9")
    assert "/old" not in made
    assert 'host = "192.168.8.9"' in made
    assert made.endswith('[siren]\nca = "mine"\nhost = "mine too"\n')
