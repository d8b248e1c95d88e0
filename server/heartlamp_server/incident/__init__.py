"""What an alarm becomes: one open call per site and matter, answered by people."""
