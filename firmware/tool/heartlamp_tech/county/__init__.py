"""The county, as a technician sees it: sessions, claims, results. The contract: docs/provisioning.md."""
