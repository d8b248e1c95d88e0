"""Matters that a village cannot settle alone: it whistles, the department reports in. And what volunteers do."""
