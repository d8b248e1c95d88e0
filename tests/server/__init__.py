"""The county server: pure rules, and the real process on a real PostgreSQL."""
