"""Checkout sessions: where many keep their own id of the customer.

Source: Stripe's API reference, "Checkout Session"; only what every generation has.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulation.objects import Fields


def checkout_object(
    *,
    id: str,
    customer: str,
    subscription: str,
    invoice: str,
    amount: int,
    currency: str,
    created: int,
    metadata: Mapping[str, str],
    test: bool,
) -> Fields:
    """A session that was completed and started a subscription."""
    return {
        "id": id,
        "object": "checkout.session",
        "allow_promotion_codes": None,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "status": None},
        "cancel_url": "https://example.com/cancel",
        "client_reference_id": metadata.get("account_id"),
        "created": created,
        "currency": currency,
        "customer": customer,
        "expires_at": created + 86400,
        "invoice": invoice,
        "livemode": not test,
        "metadata": dict(metadata),
        "mode": "subscription",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "paid" if amount else "no_payment_required",
        "setup_intent": None,
        "status": "complete",
        "subscription": subscription,
        "success_url": "https://example.com/success",
        "url": None,
    }
