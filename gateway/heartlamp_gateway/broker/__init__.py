"""The village's Mosquitto: who may log in there, and our two connections to it."""
