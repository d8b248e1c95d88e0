# mypy: ignore-errors
# ruff: noqa: RUF012, UP031
"""Runs on MicroPython: an ESP32's modem dialled, against stand-ins for machine.UART and network.PPP.

Prints as JSON, for each of five modems, what was said to it, and what came of it.
"""

import asyncio
import json

from heartlamp.hal.esp32 import modem

ANSWERS = {
    "AT": b"AT\r\r\nOK\r\n",
    "ATE0": b"\r\nOK\r\n",
    "AT+CPIN?": b"\r\n+CPIN: READY\r\n\r\nOK\r\n",
    'AT+CGDCONT=1,"IP","cmiot"': b"\r\nOK\r\n",
    "ATD*99#": b"\r\nCONNECT 115200\r\n",
}


class Uart:
    def __init__(self, answers, deaf=0):
        self.answers, self.deaf = answers, deaf
        self.said, self.out = [], b"\r\n+CREG: 1\r\n"

    def any(self):
        return len(self.out)

    def read(self):
        out, self.out = self.out, b""
        return out or None

    def write(self, data):
        command = data.decode().strip()
        self.said.append(command)
        if self.deaf:
            self.deaf -= 1
        else:
            self.out = self.answers.get(command, b"\r\nERROR\r\n")


class Ppp:
    SEC_CHAP = 2
    made = []
    up = True

    def __init__(self, uart):
        self.did = []
        Ppp.made.append(self)

    def active(self, on):
        self.did.append("active %d" % on)

    def connect(self, security=0, user=None, key=None):
        self.did.append("connect %s %s" % (security, user))

    def disconnect(self):
        self.did.append("disconnect")

    def isconnected(self):
        return Ppp.up


class Key:
    def __init__(self):
        self.moved = []

    def value(self, level):
        self.moved.append(level)


async def dial(uart, settings, key=None, up=True, again=False):
    Ppp.made, Ppp.up = [], up
    made = modem.Modem(uart, Ppp, key)
    try:
        await made.join(settings)
        if again:
            await made.join(settings)
        came = "joined"
    except OSError as error:
        came = str(error)
    return {"said": uart.said, "came": came, "ppp": [p.did for p in Ppp.made], "key": key.moved if key else None}


async def main():
    modem.LOOK_MS, modem.KEY_MS, modem.ANSWER_MS, modem.DIAL_MS, modem.UP_MS = 1, 1, 3, 3, 3
    plain = {"apn": "cmiot"}
    told = [
        await dial(Uart(ANSWERS), plain, again=True),
        await dial(Uart(ANSWERS, deaf=4), {"apn": "cmiot", "user": "u", "password": "p"}, Key()),
        await dial(Uart(ANSWERS, deaf=10_000), plain, Key()),
        await dial(Uart(dict(ANSWERS, **{"AT+CPIN?": b"\r\n+CME ERROR: 10\r\n"})), plain),
        await dial(Uart(ANSWERS), plain, up=False),
    ]
    print(json.dumps(told))


asyncio.run(main())
