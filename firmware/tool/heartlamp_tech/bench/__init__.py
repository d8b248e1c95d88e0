"""The virtual bench: boards behind pseudo-terminals, as a technician's cable shows them.

A board here is a chip of 4 MB (chip.py): its ROM's serial loader (loader.py), which Espressif's own esptool writes;
and, once a whole image is in its flash, MicroPython's unix port on the same flash (on_board.py), which MicroPython's
own mpremote writes, and which runs what was put there. What an ESP32 would run instead of it is not run here, and a
pseudo-terminal has no modem lines: esptool's resets by DTR and RTS are not tried.
"""
