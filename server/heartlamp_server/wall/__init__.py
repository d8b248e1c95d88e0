"""Counts for a screen on a wall that anybody may look at."""
