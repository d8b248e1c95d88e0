"""The device's settings: two copies that agree, and the serial line by which a technician reads and changes them."""
