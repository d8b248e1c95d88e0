"""Packets and hops over ESP-NOW (docs/protocol.md, "Radio")."""
