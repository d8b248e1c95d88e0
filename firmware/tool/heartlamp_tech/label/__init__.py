"""What is stuck on a lamp: QR code, place, where to report a fault. No secret."""
