"""Copied to an ESP32 as /main.py: runs the device application, and starts it again whatever ended it."""

import machine
from heartlamp import main
from heartlamp.hal.esp32.board import Board

try:
    board = Board()
    board.start()
    main.run(board)
finally:
    machine.reset()
