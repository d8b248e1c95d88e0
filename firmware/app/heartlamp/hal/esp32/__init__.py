"""ESP32, ESP32-C3 and ESP32-S3 boards. Compiled by a test; keys, sleep, Wi-Fi, light, sound run against stand-ins."""
