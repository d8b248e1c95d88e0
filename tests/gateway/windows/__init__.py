"""What others see of the gateway: a real gateway, broker and browser."""
