"""What the gateway decides: pure functions of (state, event, now), no socket, no disk, no clock."""
