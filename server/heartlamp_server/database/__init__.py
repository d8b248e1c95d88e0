"""PostgreSQL: where it runs, how it is reached, its schema, and the log that the screens follow."""
