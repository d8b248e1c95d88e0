"""Patrols: who was at a site, by an own tap, and how it was there."""
