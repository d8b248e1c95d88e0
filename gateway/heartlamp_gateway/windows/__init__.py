"""What others may see of the village gateway: the office's page, a local API, /metrics, Home Assistant."""
