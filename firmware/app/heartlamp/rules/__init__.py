"""Pure decisions: state, event and `now` in, new state out. No clock, no pin, no socket, no file."""
