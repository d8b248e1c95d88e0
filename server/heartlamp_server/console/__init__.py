"""The command centre's screen: the live feed and the built page."""
