"""MicroPython into a chip, and the program onto it: esptool and mpremote do it, for many boards at once."""
