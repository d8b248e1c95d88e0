"""The only place that knows what the device runs on. unix.py and esp32.py offer the same functions."""
