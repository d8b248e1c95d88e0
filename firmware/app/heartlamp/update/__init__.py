"""Taking in a new program: manifest.py judges it, slots.py keeps its files, fetch.py asks for its pieces."""
