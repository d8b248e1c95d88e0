"""A record that cannot be read: kept aside for whoever looks into it, and out of the way of all others."""

import os

from heartlamp.outbox import make_folder

MOST = 16


def set_aside(outbox, name: str) -> None:
    """The oldest make room. Never raises."""
    outbox.set_aside += 1
    bad = outbox.folder + ".bad"
    try:
        make_folder(bad)
        kept = sorted([entry[0] for entry in os.ilistdir(bad)])
        for old in kept[: max(0, len(kept) - MOST + 1)]:
            os.remove(bad + "/" + old)
        os.rename(outbox.folder + "/" + name, bad + "/" + name)
    except OSError:
        outbox.flash_errors += 1
