"""What the gateway decides, as values: no socket, no disk, no clock."""
