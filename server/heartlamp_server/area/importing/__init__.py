"""What offices send as a table, taken row by row: a reason for each row that is not taken, and the rest is kept."""
