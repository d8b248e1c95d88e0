"""What stands between a laptop and a board: the cause, and the cure."""
