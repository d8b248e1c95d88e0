"""The county server of Heart-Lamp: what the villages send becomes incidents, and incidents become people's answers."""
