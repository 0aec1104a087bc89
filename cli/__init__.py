"""The `subfold` command: one file for each group of verbs, no decisions."""
