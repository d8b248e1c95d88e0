"""Frozen: a board needs no file on its flash to start."""

import board_main  # noqa: F401
