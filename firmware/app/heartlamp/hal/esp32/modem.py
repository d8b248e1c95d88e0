"""A Cat.1 modem on a UART (Air780E and its like): dialled by AT commands, then PPP carries IP.

Tried against a stand-in for UART and network.PPP, never with a modem. `uart`: machine.UART with timeout 0; `make_ppp`:
network.PPP; `power`: the pin of the modem's power key, None where it is always on.
"""

import asyncio

LOOK_MS = 50
ANSWER_MS = 1_000
TRIES = 10  # of AT, after power on: a modem takes some seconds to listen
KEY_MS = 1_200  # the power key, held
DIAL_MS = 15_000
UP_MS = 20_000


class Modem:
    def __init__(self, uart, make_ppp, power) -> None:
        self._uart = uart
        self._make_ppp = make_ppp
        self._power = power
        self._ppp = None

    async def join(self, modem: dict) -> None:
        """Returns once there is an address. `modem`: {"apn"}, and "user", "password" where the contract has them.
        Raises OSError, which says how far it came."""
        if self._ppp is not None:
            if self._ppp.isconnected():
                return
            self._hang_up()
        await self._wake()
        await self._ask("ATE0", "OK", ANSWER_MS)
        await self._ask("AT+CPIN?", "READY", ANSWER_MS)
        await self._ask('AT+CGDCONT=1,"IP","%s"' % modem["apn"], "OK", ANSWER_MS)
        await self._ask("ATD*99#", "CONNECT", DIAL_MS)
        ppp = self._ppp = self._make_ppp(self._uart)
        ppp.active(True)
        if modem.get("user"):
            ppp.connect(security=ppp.SEC_CHAP, user=modem["user"], key=modem.get("password", ""))
        else:
            ppp.connect()
        for _ in range(UP_MS // LOOK_MS):
            await asyncio.sleep_ms(LOOK_MS)
            if ppp.isconnected():
                return
        self._hang_up()
        raise OSError("the modem dialled, and got no address")

    async def _wake(self) -> None:
        """A modem that does not answer is asleep, or hangs: its power key is pressed, once."""
        for press in (False, True):
            if press and self._power is not None:
                self._power.value(1)
                await asyncio.sleep_ms(KEY_MS)
                self._power.value(0)
            for _ in range(TRIES if press else 2):
                try:
                    await self._ask("AT", "OK", ANSWER_MS)
                    return
                except OSError:
                    pass
        raise OSError("the modem does not answer")

    async def _ask(self, command: str, wanted: str, ms: int) -> None:
        while self._uart.any():
            self._uart.read()  # what it said unasked
        self._uart.write(command.encode() + b"\r")
        heard = b""
        for _ in range(ms // LOOK_MS):
            await asyncio.sleep_ms(LOOK_MS)
            heard += self._uart.read() or b""
            if wanted.encode() in heard:
                return
            if b"ERROR" in heard or b"NO CARRIER" in heard:
                break
        raise OSError("the modem refused " + command if heard else "the modem does not answer " + command)

    def _hang_up(self) -> None:
        ppp, self._ppp = self._ppp, None
        try:
            ppp.disconnect()
            ppp.active(False)
        except OSError:
            pass
