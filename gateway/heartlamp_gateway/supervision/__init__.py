"""Who and what is watched: devices, the box itself, the county, and our own threads."""
