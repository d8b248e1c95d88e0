"""The disk: space, inodes, and whether it took what it was given."""

import os
from pathlib import Path

from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "disk"
SHARE_LOW = 10  # of a hundred free, where that is less than
LOW = 2_000_000_000  # bytes


def judge(free: int, size: int, inodes_free: int, inodes: int, kept: bool, refusing: bool) -> Health:
    """Bytes and inodes; `inodes` 0: the filesystem does not count them. `kept`: the reserve for alarms is there;
    `refusing`: something is in memory only."""
    mb = free // 1_000_000
    if refusing:
        return Health(
            NAME,
            FAULT,
            "磁盘拒绝写入：报警仍送达邻里和县里，但不再回执“村已收到”。请立即腾出空间或更换存储卡。",
            "The disk refuses writes; alarms still reach neighbours and county, without `heard`. Free or replace it.",
        )
    if not kept:
        return Health(
            NAME,
            FAULT,
            f"磁盘已满（剩 {mb} MB），报警预留空间不在：读数已不存盘。请立即腾出空间。",
            f"The disk is full ({mb} MB left), the reserve for alarms is gone, readings are off it. Free space now.",
        )
    low = free * 100 < size * SHARE_LOW and free < LOW
    if low or (inodes and inodes_free * 100 < inodes * SHARE_LOW):
        what = (f"{mb} MB", f"{mb} MB") if low else (f"{inodes_free} 个节点", "few inodes")
        return Health(
            NAME,
            WARN,
            f"磁盘空间不足：剩 {what[0]}。请清理，或换更大的存储卡。",
            f"The disk is nearly full: {what[1]} left. Clear it, or put in a larger card.",
        )
    return Health(NAME, OK, f"磁盘正常，剩 {mb} MB。", f"The disk is fine, {mb} MB left.")


def look(folder: Path, kept: bool = True, refusing: bool = False) -> Health:
    """`kept`, `refusing`: as of judge."""
    found = os.statvfs(folder)
    free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    return judge(free, size, found.f_favail, found.f_files, kept, refusing)
