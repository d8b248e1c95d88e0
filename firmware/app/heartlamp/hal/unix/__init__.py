"""A virtual board on MicroPython's unix port."""
