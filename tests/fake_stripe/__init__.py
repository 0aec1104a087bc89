"""A Stripe of our own for tests and the demo: the simulated account behind Stripe's API.

From the top: server.py serves app.py, which asks api/ of a FakeStripe (stripe.py), whose worlds
(world.py) are the simulated account up to the time of their clock. How to use it: README.md.
"""
