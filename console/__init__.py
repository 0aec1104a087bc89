"""All customer data from Stripe in one place: a read model of its own, pages and an API over it."""
