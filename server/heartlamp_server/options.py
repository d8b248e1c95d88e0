"""What several commands take, in words for who typed it wrongly."""

import argparse
import errno
from datetime import date

_FILE = {
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EACCES: "this user may not read or write it",
    errno.EROFS: "it can only be read here",
    errno.ENOSPC: "the disk is full",
}


def day(text: str) -> date:
    """`2026-08-17`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-08-17") from None


def month(text: str) -> date:
    """A day of it: `2026-08`, or any day."""
    try:
        return date.fromisoformat(text if len(text) > len("2026-08") else f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no month; write it as 2026-08") from None


def of_file(error: OSError) -> str:
    """Which file could not be used, and why."""
    why = _FILE.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename}: {why}" if error.filename is not None else why
