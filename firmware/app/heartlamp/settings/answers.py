"""Asks the rules of the serial line and of the county's wishes, and does what they say. `desk`: whose line it is."""

import gc

from heartlamp_protocol.device.names import owner_of

from heartlamp import boot_state
from heartlamp.settings import serial
from heartlamp.settings.serial import Refused, View
from heartlamp.version import VERSION


def take(desk, said: object) -> None:
    """As Desk.take()."""
    desk.asked_at = desk.hal.clock()
    answer, restart = handle(desk, said)
    desk.hal.serial(answer)
    if restart and desk.changed is not None:
        desk.changed()
    elif restart:
        _restart(desk)


def handle(desk, said: object) -> "tuple[dict, bool]":
    """(the answer, whether the device must start again). Never raises."""
    return _answered(desk, lambda: serial.read_line(said), serial.answer)


def wish(desk, said: dict) -> None:
    """What the county wants set, from its own signed word. Never raises, but to start the device anew, which it only
    does while nobody needs the device and its program stands: the county says it again."""
    from heartlamp.settings import wished

    device, begun = desk.device, desk.hal.boot
    if device.is_needed() or device.showing.calls() or begun["trial"] or begun["safe"]:
        return
    answer, restart = _answered(desk, lambda: dict(said, id=0), wished.answer)
    if not answer["ok"] or "ver" not in answer:
        return  # not now: with the next heartbeat the county says it again
    desk.hal.trace("wished", ver=answer["ver"], changed=answer["changed"])
    if restart:
        _restart(desk)
    device.greet = True  # a heartbeat at once: the county waits to hear what became of it
    device.to_read.ring()


def reset(desk, why: str) -> None:
    """The settings go, the events stay. Never returns: the device starts anew."""
    desk.hal.trace("reset", why=why)
    try:
        desk.store.save(None)
    except OSError:
        desk.hal.trace("reset", failed=1)
    _restart(desk)


def _restart(desk) -> None:
    """Somebody wants it: no crash, and the end of safe mode."""
    desk.hal.trace("restart", why="settings")
    boot_state.settle(desk.hal.nvs())
    desk.hal.reset()


def _answered(desk, read, rules) -> "tuple[dict, bool]":
    """read(): the request; rules(request, view): (the answer, what is to be done)."""
    request = {}
    try:
        request = read()
        answer, effects = rules(request, _view(desk))
        restart = ("restart",) in effects
        for effect in effects:
            if effect[0] == "save":
                answer.update(_save(desk, effect[1], restart))
            elif effect[0] == "wipe":
                for record in list(desk.outbox.records):
                    desk.outbox.remove(record)
            elif effect[0] in ("piece", "progress"):
                answer.update(_update(desk, effect[1:]))
            elif effect[0] == "test":
                answer["parts"] = _test(desk)
        if restart:
            answer["restart"] = 1
        return answer, restart
    except Refused as refused:
        return serial.refusal(request, refused), False
    except MemoryError:
        return serial.refusal(request, Refused("this device has not the memory for that", "send less")), False
    except Exception as error:  # a fault of ours: whoever typed what must not put out a lamp
        desk.hal.trace("serial", error="%s: %s" % (type(error).__name__, error))
        return serial.refusal(request, Refused("this device could not do that: " + str(error), "report it")), False


def _view(desk) -> View:
    held = {}
    for record in desk.outbox.records:
        held[owner_of(record.id)] = held.get(owner_of(record.id), 0) + 1
    device = desk.device
    values = [] if device is None else device.health(desk.hal.clock(), gc.mem_free())
    links = {} if device is None else {path.name: int(path.down_since is None) for path in device.paths}
    about, logs, store = dict(desk.hal.about(), version=VERSION), list(desk.hal.log.lines), desk.store
    return View(store.fields, store.why, store.left_out, about, held, logs, values, desk.hal.board, _boards(), links)


def _boards() -> "dict[str, tuple[str, ...]] | None":
    """None where the program runs as its sources: the build makes that list."""
    try:
        from heartlamp.boards._all import KINDS
    except ImportError:
        return None
    return KINDS


def _save(desk, fields: "dict | None", restart: bool) -> dict:
    """A consent that is withdrawn counts at once, whatever the flash says."""
    config = desk.config
    if config is not None and not (fields and fields.get("consent")):
        config.take(dict(config.fields, consent=0))
    try:
        failed = desk.store.save(fields)
    except ValueError as error:
        raise Refused(str(error), "send less; nothing was changed", field="settings")
    except OSError as error:
        raise Refused(str(error), "send it again; if that does not help, this board's flash is broken")
    if config is not None and not restart:
        config.take(desk.store.fields)
    return {"unwritten": failed} if failed else {}


def _update(desk, piece: tuple) -> dict:
    """How far the bundle under way is, before `piece` is taken, which it is when nobody needs the device."""
    found = [part for part in desk.device.parts if hasattr(part, "fetch")] if desk.device is not None else []
    if not found:
        raise Refused(
            "this device takes no update now: it is in safe mode",
            "wait until it left safe mode, 6 hours at most",
        )
    fetch = found[0].fetch()
    if piece:
        from heartlamp.update.piece import Piece

        bundle, size, at, data = piece
        fetch.give(Piece(bundle, size, at, True, data))
    return fetch.progress()


def _test(desk) -> "list[dict]":
    """Each part that has self_test() tests itself: (1 or 0, what it found)."""
    found = [{"part": "settings", "ok": int(desk.store.agree()), "found": "copies that agree"}]
    for part in desk.device.parts if desk.device is not None else ():
        test = getattr(part, "self_test", None)
        if test is not None:
            ok, what = test()
            found.append({"part": type(part).__module__.split(".")[-1], "ok": ok, "found": what})
    return found
