"""What an error of the system, of esptool or of mpremote means to somebody with a board in the hand. Pure."""

import re

from heartlamp_tech.trouble import Trouble

HOLD_BOOT = (
    "hold BOOT down, press RST (or plug the cable in) while you hold it, let BOOT go, and give the command again"
)

# (what stands in the words of the system, esptool or mpremote; cause; cure): the first that fits
KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"Permission denied|Errno 13",
        "you may not use the port {port}",
        "`sudo usermod -aG dialout $USER`, then log out and in again (Arch: the group uucp)",
    ),
    (
        r"Could not exclusively lock|Resource temporarily unavailable|Device or resource busy|Errno 16|Errno 11",
        "another program holds {port}",
        "close it (a serial monitor, another heartlamp-tech; ModemManager lets go after some 30 s)",
    ),
    (
        r"No such file or directory|Errno 2\b|could not open port|doesn't exist|is not a valid port",
        "there is no port {port}",
        "plug the board in; `heartlamp-tech doctor` lists the ports that there are",
    ),
    (
        r"This chip is (?P<found>[\w-]+), not (?P<wanted>[\w-]+)",
        "the chip at {port} is an {found}, and this is an image for {wanted}",
        "name the board that it is (`--board`), or take another board",
    ),
    (
        r"Wrong boot mode detected",
        "the chip at {port} started its program and not its serial loader",
        HOLD_BOOT,
    ),
    (
        r"TX path seems to be down",
        "the chip at {port} speaks and hears nothing: the wire to its RX, or a cable that only half works",
        "take another cable; on a bare module check RX",
    ),
    (
        r"Failed to connect to|No serial data received|Invalid head of packet",
        "no serial loader answers at {port}",
        HOLD_BOOT + "; if that does not help, take another cable: some only charge",
    ),
    (
        r"MD5 of file does not match|Hash of data (not verified|mismatch)|verif(y|ication) failed",
        "what was read back from the chip at {port} is not what was written",
        "give the command again; if it stays so, its flash is broken: mark the board and take another",
    ),
    (
        r"(does not|will not|doesn't) fit in|exceed(s|ing)? .*flash|flash size .*(too small|smaller)",
        "the flash of the chip at {port} is too small",
        "take a board with 4 MB or more (hardware/boards says which)",
    ),
    (
        r"could not enter raw repl",
        "no MicroPython prompt at {port}: a program runs that takes no Ctrl-C, or no MicroPython is on it",
        "`heartlamp-tech flash --erase` begins anew; a device in use takes a new program by `heartlamp-tech update`",
    ),
    (
        r"device reports readiness to read but returned no data|Input/output error|Errno 5|device disconnected|"
        r"The device does not recognize|write failed|ClearCommError|failed to access|port is closed|"
        r"Bad file descriptor|Attempting to use a port that is not open",
        "the cable at {port} came off",
        "plug it in and give the same command again: it goes on where it was",
    ),
    (
        r"The chip stopped responding|Timed out waiting|Packet content transfer stopped|Serial data stream stopped|"
        r"timeout waiting for",
        "the chip at {port} fell silent",
        "plug it in again, without a hub, and give the same command again; slower: `--baud 115200`",
    ),
    (
        r"No space left|ENOSPC|Errno 28",
        "the file system on the chip at {port} is full",
        "`heartlamp-tech flash --erase` begins anew",
    ),
)


def explained(port: str, words: str) -> Trouble:
    """Cause and cure of what was said about a port; what nobody knows is handed on as it is."""
    for pattern, cause, cure in KNOWN:
        found = re.search(pattern, words, re.I)
        if found:
            return Trouble(cause.format(port=port, **found.groupdict()), cure)
    last = [line for line in words.strip().splitlines() if line.strip()]
    return Trouble(f"{port}: {last[-1].strip() if last else 'it failed without a word'}", "`heartlamp-tech doctor`")


def port_trouble(port: str, error: Exception) -> Trouble:
    return explained(port, f"{error} {error!r}")
