"""The part of the protocol that devices need. Runs unchanged on CPython >= 3.11 and MicroPython >= 1.25."""
