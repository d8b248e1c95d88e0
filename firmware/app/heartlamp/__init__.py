"""The device application: buttons, lamps, smoke and flood contacts. Starts in main.py; pure decisions live in rules/."""
