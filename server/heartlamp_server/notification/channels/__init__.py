"""Ways out of the county, each with its real provider behind it."""
