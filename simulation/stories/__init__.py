"""What happens to customers: each file tells one kind of thing, by chance and by Stripe's rules."""
