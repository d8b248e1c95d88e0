"""What breaks, and what must hold: the real gateway and broker with real faults. The table is docs/faults.md."""
