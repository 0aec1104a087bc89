"""What the facts mean: stage, MRR, renewals, triggers. Pure; one file for each meaning."""
