"""What a kind of device is made of, one file each; kinds.py says which."""
