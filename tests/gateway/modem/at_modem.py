"""A modem that speaks AT on an abstract socket, as far as a real ModemManager asks; the network behind it is the
test's. What it does not know it answers with ERROR, as modems do."""

import re
import socket
import threading

from tests.gateway.rig.waiting import Board

KNOWN = {
    "AT": "",
    "ATE0": "",
    "ATV1": "",
    "AT+CMEE=1": "",
    "ATX4": "",
    "AT&C1": "",
    "ATZ": "",
    "AT+GCAP": "+GCAP: +CGSM",
    "ATI": "A modem of the tests",
    "AT+WS46=?": "+WS46: (12,22)",
    "AT+CGMI": "Heart-Lamp",
    "AT+CGMM": "Test",
    "AT+CGMR": "1",
    "AT+CGSN": "867000000000001",
    "AT+CGDCONT=?": '+CGDCONT: (1-11),"IP",,,(0-2),(0-3)',
    "AT+CIMI": "460009988998899",
    "AT+CLCK=?": '+CLCK: ("SC","FD","PS")',
    'AT+CLCK="SC",2': "+CLCK: 0",
    'AT+CLCK="FD",2': "+CLCK: 0",
    'AT+CLCK="PS",2': "+CLCK: 0",
    "AT+CFUN?": "+CFUN: 1",
    "AT+CFUN=1": "",
    "AT+CSCS=?": '+CSCS: ("IRA","UCS2","GSM")',
    'AT+CSCS="UCS2"': "",
    "AT+CSCS?": '+CSCS: "UCS2"',
    "AT+CREG=2": "",
    "AT+CGREG=2": "",
    "AT+CREG=0": "",
    "AT+CGREG=0": "",
    "AT+CREG?": '+CREG: 2,1,"1234","001122BB"',
    "AT+CGREG?": '+CGREG: 2,1,"31C5","0083F7CD"',
    "AT+COPS=3,2;+COPS?": '+COPS: 0,2,"46000",2',
    "AT+COPS=3,0;+COPS?": '+COPS: 0,0,"TEST"',
    "AT+CSQ": "+CSQ: 17,99",
    "AT+CPIN?": "+CPIN: READY",
    "AT+CMGF=?": "+CMGF: (0,1)",
    "AT+CMGF=0": "",
    "AT+CMGF?": "+CMGF: 0",
    "AT+CNMI=?": "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    "AT+CPMS=?": '+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")',
    "AT+CPMS?": '+CPMS: "ME",0,20,"ME",0,20,"ME",0,20',
    "AT+CSMS?": "+CSMS: 0,1,1,1",
    "AT+CMGL=4": "",
    "AT+CLCC=?": "",
    "AT+CLIP=1": "",
    "AT+CLIP=0": "",
    "AT+CRC=1": "",
    "AT+CRC=0": "",
    "AT+CCWA=1": "",
    "AT+CCWA=0": "",
}
SCTS = "62112261000023"  # a time of the SMS centre


class AtModem:
    """`dials`: what it says to a call, OK or why not; `refuses`: to a message, "" nothing; `call`: the state of the one
    there is, as +CLCC has it (2 dialling, 3 ringing, 0 taken), None without."""

    def __init__(self, name: str) -> None:
        self.board = Board()
        self.dials, self.refuses = "OK", ""
        self.call: int | None = None
        self.number = ""
        self.asked: list[str] = []
        self.sent: list[str] = []
        self._stored: dict[str, str] = {}
        self._lines: list[socket.socket] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(f"\0{name}")
        self._server.listen(4)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in (self._server, *self._lines):
            each.close()

    # --- the network

    def rings_or_so(self, state: int | None) -> None:
        with self.board:
            self.call = state

    def ends(self, why: str) -> None:
        """The network ended the call."""
        self.rings_or_so(None)
        self._tell(why)

    def presses(self, key: str) -> None:
        """Told as SIMCom's modems tell it."""
        self._tell(f"+RXDTMF: {key}")

    def writes(self, index: int, number: str, text: str) -> None:
        """An SMS has come and is stored."""
        words = text.encode("utf-16-be")
        pdu = f"0004{_address(number)}0008{SCTS}{len(words):02X}{words.hex().upper()}"
        with self.board:
            self._stored[str(index)] = pdu
        self._tell(f'+CMTI: "ME",{index}')

    def delivers(self, reference: int, number: str, status: int) -> None:
        """A delivery report has come."""
        pdu = f"0006{reference:02X}{_address(number)}{SCTS}{SCTS}{status:02X}"
        self._tell(f"+CDS: {len(pdu) // 2 - 1}\r\n{pdu}")

    @property
    def stored(self) -> list[str]:
        with self.board:
            return list(self._stored)

    # --- the serial line

    def _tell(self, said: str) -> None:
        for line in list(self._lines):
            try:
                line.sendall(f"\r\n{said}\r\n".encode())
            except OSError:
                self._lines.remove(line)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            self._lines.append(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        came = b""
        while True:
            try:
                data = line.recv(4096)
            except OSError:
                return
            if not data:
                return
            came += data
            while found := re.match(rb"([^\r\n\x1a]*)[\r\n\x1a]+", came):
                came = came[found.end() :]
                if said := found[1].decode():
                    with self.board:
                        answer = self._answer(said)
                    try:
                        line.sendall(answer.encode())
                    except OSError:
                        return

    def _answer(self, said: str) -> str:
        self.asked.append(said)
        name, _, value = said.partition("=")
        if re.fullmatch("[0-9A-F]{20,}", said):  # the PDU after AT+CMGS
            if self.refuses:
                return f"\r\n{self.refuses}\r\n"
            self.sent.append(said)
            return f"\r\n+CMGS: {len(self.sent)}\r\n\r\nOK\r\n"
        if name == "AT+CMGS":
            return "\r\n> "
        if name == "AT+CMGR":
            pdu = self._stored.get(value)
            return f"\r\n+CMGR: 0,,{len(pdu) // 2 - 1}\r\n{pdu}\r\n\r\nOK\r\n" if pdu else "\r\n+CMS ERROR: 321\r\n"
        if name == "AT+CMGD":
            self._stored.pop(value.partition(",")[0], None)
            return "\r\nOK\r\n"
        if said.startswith("ATD"):
            if self.dials == "OK":
                self.call, self.number = 2, said[3:].rstrip(";")
            return f"\r\n{self.dials}\r\n"
        if said == "AT+CLCC":
            now = "" if self.call is None else f'+CLCC: 1,0,{self.call},0,0,"{self.number}",129\r\n\r\n'
            return f"\r\n{now}OK\r\n"
        if said in ("AT+CHUP", "ATH"):
            self.call = None
            return "\r\nOK\r\n"
        if name in ("AT+CNMI", "AT+CPMS") and value and not value.startswith("?"):
            return "\r\nOK\r\n"
        if said not in KNOWN:
            return "\r\nERROR\r\n"
        return f"\r\n{KNOWN[said]}\r\n\r\nOK\r\n" if KNOWN[said] else "\r\nOK\r\n"


def _address(number: str) -> str:
    """Semi-octets, international."""
    digits = number.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    return f"{len(digits):02X}91{swapped}"
