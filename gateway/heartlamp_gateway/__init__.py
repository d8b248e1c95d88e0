"""The village gateway: keeps every alarm until the county has it, lights the neighbours with or without the county."""
