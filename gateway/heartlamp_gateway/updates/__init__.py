"""Updates: bundles fetched from the county, kept, and given to devices in pieces."""
