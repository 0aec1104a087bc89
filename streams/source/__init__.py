"""Everything that calls Stripe: back-fill, catch-up, enrich, reconcile, connect."""
