"""What is to be done today, as a route."""
