"""Pictures: taken in piece by piece, kept, sent up when nothing else waits."""
