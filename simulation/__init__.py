"""A made-up Stripe account: customers live by Stripe's rules, its events are told as Stripe would.

Knows nothing of the fold, so that it can test it. From the top: simulate.py (the year), delivery.py
(what the network makes of it), stories/ (what happens to customers), life.py (how it is told), and
the Stripe objects in the shapes of four API generations.
"""
