"""A visit: from a claim to a device that works, step by step, each of them kept."""
