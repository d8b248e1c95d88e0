"""Pictures that cameras took at their own house's alarm: kept for days, shown to nobody by anything in here."""
