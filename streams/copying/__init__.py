"""Copies the log to another installation, and has that one go on where the first stopped."""
