"""Events as devices send them: which are believed, which are kept as evidence."""
