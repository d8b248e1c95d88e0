"""Real parts for the gateway's tests: Mosquitto, the gateway as a process, devices, a county that speaks §8 and §9."""
