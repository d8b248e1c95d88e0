"""Who presses, looks, pulls the plug, and hears the household's consent: a technician, or the virtual bench's."""

import json
import os
import socket
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.prompt import Confirm, Prompt

from heartlamp_tech.provision.consent import TEXTS
from heartlamp_tech.trouble import Trouble

Consent = dict[str, Any]


KEYS = {"red": "红键", "green": "绿键"}


class Hands(Protocol):
    def board_for(self, site: str, port: str) -> None:
        """Returns when the board for this site hangs at the port."""

    def press(self, pin: str) -> None:
        """One press of a key, down and up."""

    def sees(self, what: str) -> bool:
        """Whether it can be seen or heard."""

    def mains(self, on: bool) -> bool:
        """The device's plug, and the home's router. False: it cannot be done here."""

    def consent(self, kind: str, language: str) -> Consent | None:
        """What the household said, None: nobody was to ask."""


class Person:
    """At a terminal. `answers`: where they are read, None: its keyboard."""

    def __init__(self, console: Console, answers: TextIO | None = None) -> None:
        self._console = console
        self._answers = answers

    def board_for(self, site: str, port: str) -> None:
        self._say(f"{site}: plug its board in at {port}")
        self._ask("Enter when it is", "")

    def press(self, pin: str) -> None:
        self._say(f"Press the {pin} key once, now · 请按一下{KEYS.get(pin, pin)}")

    def sees(self, what: str) -> bool:
        return self._yes(f"{what}?", True)

    def mains(self, on: bool) -> bool:
        off = "Pull the lamp's plug, and switch the home's router off · 拔掉灯的电源,关掉家里的路由器"
        return self._yes(f"{'Plug the lamp and the router in again · 都接回去' if on else off}. Done?", True)

    def consent(self, kind: str, language: str) -> Consent | None:
        self._say("Read aloud · 请读给户主听")
        self._console.print(TEXTS[language], highlight=False)
        given = self._yes("The household agrees · 同意?", None)
        heard = self._ask("Who heard it (a role, no name), or the recording's file · 见证人或录音", "")
        voice = heard if Path(heard).is_file() else ""
        return {"given": given, "language": language, "witness": "" if voice else heard[:60], "voice": voice[:200]}

    def _say(self, words: str) -> None:
        self._console.print(f"[bold]→ {words}[/]", highlight=False)

    def _yes(self, words: str, default: bool | None) -> bool:
        given: Any = ... if default is None else default  # ...: Enter alone is no answer
        try:
            return bool(Confirm.ask(f"→ {words}", console=self._console, stream=self._answers, default=given))
        except EOFError:
            raise _nobody() from None

    def _ask(self, words: str, default: str) -> str:
        try:
            return Prompt.ask(
                f"→ {words}", console=self._console, stream=self._answers, default=default, show_default=False
            )
        except EOFError:
            raise _nobody() from None


def _nobody() -> Trouble:
    return Trouble(
        "nobody answers at the keyboard; what was done until here is kept",
        "give the same command again in a terminal; for a list, `consent` and `witness` can stand in its rows",
    )


class Bench:
    """The virtual bench's fingers, by its control socket. They see what is there to be seen."""

    def __init__(self, control: Path, port: str) -> None:
        self._control = control
        self._port = os.path.abspath(port)

    def board_for(self, site: str, port: str) -> None:
        """It hangs there already."""

    def press(self, pin: str) -> None:
        self._ask(do="press", pin=pin)

    def sees(self, what: str) -> bool:
        return True

    def mains(self, on: bool) -> bool:
        self._ask(do="move", pin="mains", level=int(on))
        return True

    def consent(self, kind: str, language: str) -> Consent | None:
        return {"given": True, "language": language, "witness": "bench", "voice": ""}

    def _ask(self, **what: object) -> None:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(10)
                line.connect(str(self._control))
                line.sendall(json.dumps({"port": self._port, **what}).encode() + b"\n")
                said = json.loads(line.makefile().readline())
        except (OSError, ValueError) as error:
            raise Trouble(f"the virtual bench does not answer: {error}", "start it: `heartlamp-tech bench`") from None
        if "error" in said:
            raise Trouble(said["error"], "look which boards the bench has")
