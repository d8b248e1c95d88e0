"""Each device as entities of a Home Assistant, by MQTT discovery. Off unless it is asked for."""
