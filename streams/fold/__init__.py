"""The pure fold: Stripe's events to facts about one customer, in any order and any repetition."""
