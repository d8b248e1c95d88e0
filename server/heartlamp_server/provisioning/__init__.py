"""From a bare board to a device of a site: claims, their use, visits; and how a device is replaced or ended."""
