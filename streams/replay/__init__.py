"""Rebuilds rows from the log, compares them with the live ones, and puts them in their place."""
