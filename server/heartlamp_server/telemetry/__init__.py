"""Readings over time, behind a small port."""
