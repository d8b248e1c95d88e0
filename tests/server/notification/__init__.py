"""The outbox of messages, and every way out, against servers that speak the providers' HTTP."""
