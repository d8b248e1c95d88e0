"""Everything that is calculated of the devices one can hold: `python -m hardware.build`, or `make hardware`."""
