"""MRR of files: Stripe's objects, events or customer rows, each line answered with its reasons."""
