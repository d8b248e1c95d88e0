"""Duty rosters: who is on call where, and when nobody is."""
