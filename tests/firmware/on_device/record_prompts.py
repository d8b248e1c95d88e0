# mypy: ignore-errors
"""Runs on MicroPython: puts recordings onto a flash image.

record_prompts.py <image>, with {"<clip>": "<hex>"} on stdin.
"""

import json
import os
import sys

from heartlamp.hal.unix import flash


def main():
    flash.mount(sys.argv[1], "/flash", False)
    for clip, content in json.loads(sys.stdin.read()).items():
        path = "/flash/prompts"
        for step in clip.split("/"):
            try:
                os.mkdir(path)
            except OSError:
                pass  # it is there
            path += "/" + step
        with open(path, "wb") as f:
            f.write(bytes([int(content[i : i + 2], 16) for i in range(0, len(content), 2)]))


main()
