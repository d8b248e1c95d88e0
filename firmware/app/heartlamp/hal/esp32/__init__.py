"""ESP32, ESP32-C3 and ESP32-S3 boards. A test compiles them, no board has run them; pins, sleep, Wi-Fi, modem, light
and sound also run against stand-ins for the chip."""
