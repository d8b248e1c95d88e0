"""Who holds a post, and what is handed over with it at the change of shifts."""
