"""The commands, a file for what belongs together. They ask, show and set exit codes; what they do is done elsewhere."""
