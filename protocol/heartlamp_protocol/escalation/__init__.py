"""Who is called when nobody answers: the plan that the county hands down, and the rule that both sides run on it."""
