"""Who saw, changed and decided what: rows that are only ever added, in one chain."""
