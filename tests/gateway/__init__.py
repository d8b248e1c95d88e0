"""The village gateway: pure rules, and the real process on a real Mosquitto, disk and HTTPS county."""
