"""What other systems have of the county: an API with tokens, warnings as CAP, webhooks, figures for Prometheus."""
