"""The device application: buttons, lamps, smoke and flood contacts. main.py starts it; rules/ decides."""
