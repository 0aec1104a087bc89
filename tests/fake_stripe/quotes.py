"""Quotes, which the simulated account does not write: somebody makes a customer an offer.

Source: Stripe's API reference, "Quote"; the types of stripe-python 16.1.0.
"""

from __future__ import annotations

from simulation.objects import DAY_S, Fields, made_id

from .view import Told
from .world import World


def offer(world: World, customer: str | None, amount: int, *, created: int | None = None) -> str:
    """Make a quote of so much a month, in minor units of usd; gives its id."""
    at = world.now if created is None else created
    id = made_id("qt", f"{customer}/{amount}/{at}")
    quote = _written(id, customer, amount, at) | {"livemode": world.livemode}
    world.happen(Told(name=f"offer/{id}", type="quote.created", thing=quote, at=at))
    return id


def _written(id: str, customer: str | None, amount: int, at: int) -> Fields:
    details = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
    return {
        "id": id,
        "object": "quote",
        "amount_subtotal": amount,
        "amount_total": amount,
        "application": None,
        "application_fee_amount": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "collection_method": "charge_automatically",
        "computed": {
            "recurring": {
                "amount_subtotal": amount,
                "amount_total": amount,
                "interval": "month",
                "interval_count": 1,
                "total_details": details,
            },
            "upfront": {
                "amount_subtotal": amount,
                "amount_total": amount,
                "total_details": details,
            },
        },
        "created": at,
        "currency": "usd",
        "customer": customer,
        "customer_account": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "expires_at": at + 30 * DAY_S,
        "footer": None,
        "from_quote": None,
        "header": None,
        "invoice": None,
        "invoice_settings": {
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "metadata": {},
        "number": None,
        "on_behalf_of": None,
        "status": "draft",
        "status_transitions": {"accepted_at": None, "canceled_at": None, "finalized_at": None},
        "subscription": None,
        "subscription_data": {
            "billing_mode": {"type": "flexible"},
            "description": None,
            "effective_date": None,
            "metadata": {},
            "trial_period_days": None,
        },
        "subscription_schedule": None,
        "test_clock": None,
        "total_details": details,
        "transfer_data": None,
    }
