"""What every tier of Heart-Lamp agrees on. `device/` also runs on MicroPython; the rest is for gateway and county."""
