"""MQTT 3.1.1, as much of it as an alarm needs: bytes in codec.py, one connection in session.py."""
