"""How a box becomes a village's gateway, stays one, and is replaced: setup, papers, doctor, backup."""
