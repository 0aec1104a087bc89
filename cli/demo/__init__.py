"""The demo: recorded events and lives made by hand, through the real door, checked at the end."""
