"""Who it is at the command line, by what the operating system says."""

import os
import pwd
from pathlib import Path


def person() -> str:
    """`cli:root`, or `cli:root/wang` where the kernel knows that this root signed in as somebody else."""
    name = _name(os.getuid())
    try:
        signed_in = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):
        return f"cli:{name}"
    if signed_in in (os.getuid(), 2**32 - 1):  # the latter: nobody signed in, it is a service's
        return f"cli:{name}"
    return f"cli:{name}/{_name(signed_in)}"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
