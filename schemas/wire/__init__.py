"""Wire format: the fields of Stripe's events and objects that we read, and no others.

Source: Stripe API reference and changelog, 2017 to 2026-10-28.endive. Unknown fields are ignored on
purpose: Stripe adds fields without a new API version. Numbers must be whole where Stripe counts in
whole units: a float in place of an amount is refused, never rounded.
"""
