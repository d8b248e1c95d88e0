"""What devices in use need: the list of today, a device page, staged updates."""
