"""What responders' phones send: acts that waited there, once each, and photos."""
