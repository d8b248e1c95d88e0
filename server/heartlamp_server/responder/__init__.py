"""People with an account: who may look, and whose answer counts."""
