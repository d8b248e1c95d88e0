"""Whom to call when nobody answers."""
