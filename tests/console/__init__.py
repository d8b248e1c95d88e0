"""The console and the demo page in a real browser, before servers of one file that speak the real protocols."""
