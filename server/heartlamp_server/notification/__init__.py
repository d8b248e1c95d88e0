"""Telling people, by every way that wakes them, and hearing what they answer."""
