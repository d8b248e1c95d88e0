"""What the gateway keeps: two SQLite files, one that must never lose a row and one that may."""
