"""Composition root: makes the parts, runs the tasks. `hal` is hal/unix.py's or hal/esp32.py's.

A task that ends with an unexpected exception ends the program loudly; the supervisor (or the watchdog) starts it again,
and the outbox is on the flash.
"""

import asyncio
import gc
import sys

from heartlamp_protocol.device import event
from heartlamp_protocol.device.limits import DOWN_MAX, heartbeat_ms
from heartlamp_protocol.device.names import PULSE, topic

from heartlamp import config, net
from heartlamp.device import Device
from heartlamp.mqtt import codec
from heartlamp.mqtt.session import KEEPALIVE_S, Session
from heartlamp.outbox import Outbox
from heartlamp.rules import keys, lamp, reconnect

CONNECT_S = 8
PACKET_MAX = DOWN_MAX + 64  # payload, topic and header


def run(hal) -> None:
    """Runs until the power goes."""
    asyncio.run(_run(hal))


async def _run(hal) -> None:
    asyncio.get_event_loop().set_exception_handler(_die)
    to_send, to_show, to_link = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def wake_send():
        to_send.set()
        to_link.set()

    conf = config.read(hal.root + "/config.json")
    device = Device(
        conf, Outbox(hal.root + "/out"), hal.clock, hal.random, hal.trace, wake_send=wake_send, wake_show=to_show.set
    )
    device.start()
    hal.trace("boot", dev=conf.dev, kind=conf.kind, boot=device.boot, held=len(device.outbox.records))
    line = _Line()
    asyncio.create_task(_send(hal, device, line, to_send))
    asyncio.create_task(_show(hal, device, line, to_show))
    asyncio.create_task(_beat(hal, device, line))
    asyncio.create_task(_link(hal, device, line, to_link))
    await _pins(hal, device, line)


class _Line:
    """The session while it is up, else None; `up` is set while it is."""

    def __init__(self) -> None:
        self.session = None
        self.up = asyncio.Event()


async def _pins(hal, device: Device, line: _Line) -> None:
    lines = {}
    while True:
        edge = await hal.edge(_settle(hal, device, line, lines))
        if edge is None:
            continue
        pin, level, at, stamp = edge
        lines[pin], pressed = keys.edge(lines.get(pin, keys.OPEN), level, at)
        if pressed and pin == keys.PANIC:
            device.alarm("panic", pin, at, stamp)


def _settle(hal, device: Device, line: _Line, lines: dict) -> "int | None":
    """Acts on what has settled; returns when to look again."""
    now, soonest = hal.clock(), None
    for pin in lines:
        contact = pin in keys.CONTACTS
        lines[pin], gesture, at = (keys.settle_contact if contact else keys.settle)(lines[pin], now)
        if contact and gesture:
            device.contacts[pin] = 1 if gesture == "closed" else 0
            if gesture == "closed":
                device.alarm(keys.CONTACTS[pin], pin, now, hal.stamp())
        elif gesture and pin == keys.GO:
            device.green(gesture, now, hal.stamp())
        if at is not None and (soonest is None or at < soonest):
            soonest = at
    return soonest


async def _send(hal, device: Device, line: _Line, to_send) -> None:
    while True:
        await line.up.wait()
        to_send.clear()
        records, soonest = device.due(hal.clock())
        try:
            for record in records:
                now = hal.clock()
                await line.session.publish(topic(device.config.dev, "event"), device.frame(record, now), 1)
                device.sent(record, now)
        except (OSError, AttributeError):
            line.up.clear()  # the session is ending; the link task says why
            continue
        if not records:
            await _wait(to_send, soonest, hal.clock())


async def _show(hal, device: Device, line: _Line, to_show) -> None:
    last = None
    while True:
        to_show.clear()
        facts, now = device.facts(), hal.clock()
        picture = lamp.picture(facts, now)
        if picture != last:
            hal.show(picture)
            last = picture
        epoch, ver, _ = device.state
        if device.unreported and epoch and line.session is not None:
            device.unreported = False
            try:
                await line.session.publish(topic(device.config.dev, "shown"), event.write_shown(epoch, ver), 1)
            except OSError:
                pass  # said again after the next connect
        await _wait(to_show, lamp.next_change(facts, now), now)


async def _beat(hal, device: Device, line: _Line) -> None:
    """Heartbeats and the contacts' readings: QoS 0, not stored, the next one says it all again."""
    while True:
        await line.up.wait()
        now = hal.clock()
        name = topic(device.config.dev, "reading")
        try:
            session = line.session
            await session.publish(name, device.reading("heartbeat", now, device.health(gc.mem_free())), 0)
            if device.config.kind in keys.CONTACTS:
                values = [(device.config.kind, device.contacts.get(device.config.kind, 0))]
                await session.publish(name, device.reading("reading", now, values), 0)
        except (OSError, AttributeError):
            pass
        await asyncio.sleep_ms(heartbeat_ms(device.config.kind))


async def _link(hal, device: Device, line: _Line, to_link) -> None:
    """Keeps one session; says why it ended; waits as rules/reconnect.py says, or until there is something to send."""
    conf = device.config
    attempt = 0
    topics = [(topic(conf.dev, "receipt"), 1), (PULSE, 0)]
    if conf.kind == "lamp":
        topics.append((topic(conf.dev, "lamp"), 1))
    state = topic(conf.dev, "state")
    hello = codec.connect(conf.user, conf.password, KEEPALIVE_S, state, event.write_state(0))

    def dates(text):
        device.dates_wrong = int(bool(text))
        if text:
            hal.trace("certificate", dates=text)

    while True:
        to_link.clear()
        session = None
        try:
            await hal.link()
            stream = await asyncio.wait_for(
                net.open_tls(conf.host, conf.port, conf.server_name, conf.ca, hello, dates), CONNECT_S
            )
            session = Session(stream, hal.clock, PACKET_MAX)

            def opened():
                nonlocal attempt
                attempt = 0
                line.session = session
                line.up.set()
                device.link_up()
                hal.trace("link", up=1)
                asyncio.create_task(_greet(device, session, state))

            await session.run(topics, opened, device.message)
        except (OSError, EOFError, codec.MqttError, asyncio.TimeoutError) as error:
            hal.trace("link", up=0, why=str(error) or type(error).__name__, attempt=attempt)
        line.session = None
        line.up.clear()
        device.link_down(hal.clock())
        random = hal.random(2)
        delay = reconnect.delay_ms(attempt, device.holds_alarm(), random[0] << 8 | random[1])
        attempt += 1
        if not device.holds_alarm():
            to_link.clear()
            await _wait(to_link, hal.clock() + delay, hal.clock())
        else:
            await asyncio.sleep_ms(delay)


async def _greet(device: Device, session: Session, state: str) -> None:
    try:
        await session.publish(topic(device.config.dev, "ask"), event.write_ask(device.gateway_epoch), 1)
        await session.publish(state, event.write_state(1), 1)
    except OSError:
        pass  # the session is ending; the link task says why


async def _wait(woken, until: "int | None", now: int) -> None:
    """Until the event is set or the time has come."""
    if until is None:
        await woken.wait()
        return
    try:
        await asyncio.wait_for_ms(woken.wait(), max(0, until - now))
    except asyncio.TimeoutError:
        pass


def _die(loop, context: dict) -> None:
    error = context["exception"]
    if not isinstance(error, SystemExit):
        sys.print_exception(error, sys.stderr)
    raise SystemExit(70)
