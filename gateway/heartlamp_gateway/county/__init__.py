"""The line to the county: HTTPS up, server-sent events down."""
