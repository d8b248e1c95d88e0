"""What a cell's voltage means. mV under no load, of one lithium manganese dioxide cell (CR17450: 3.2 V new, flat curve
until about 2.7 V, empty at 2.0 V). A low cell still sends: only what is not needed to send is left out."""

LOW_MV = 2700  # to be changed at the next visit
BACKUP_LOW_MV = 3400  # of a lamp's lithium-ion cell: an hour or so is left
CRITICAL_MV = 2400  # a full-power transmission may pull it below the chip's brown-out

FULL_DBM = 19
SAVING_DBM = 8


def is_low(mv: "int | None", low_mv: int = LOW_MV) -> bool:
    """None: not measured."""
    return mv is not None and mv < low_mv


def transmit_dbm(mv: "int | None") -> int:
    return SAVING_DBM if mv is not None and mv < CRITICAL_MV else FULL_DBM
