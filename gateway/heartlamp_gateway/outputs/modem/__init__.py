"""Voice and SMS by the box's own modem, through ModemManager on D-Bus. Nothing here is loaded without [modem]."""
