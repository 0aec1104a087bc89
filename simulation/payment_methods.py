"""Cards, as every API version since 2019 writes them. Source: Stripe's API reference."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.objects import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that a customer pays with, good to the end of that month."""

    id: str
    created: int
    year: int
    month: int


def payment_method_object(card: Card, customer: str | None, *, test: bool) -> Fields:
    """Write the card's payment method; once it was detached it is no customer's."""
    return {
        "id": card.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "card": {
            "brand": "visa",
            "country": "US",
            "exp_month": card.month,
            "exp_year": card.year,
            "funding": "credit",
            "last4": "4242",
        },
        "created": card.created,
        "customer": customer,
        "livemode": not test,
        "metadata": {},
        "type": "card",
    }
