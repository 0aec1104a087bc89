"""How a subscription pays, and until when its card is good.

Source: Stripe's API reference, "Subscription", `default_payment_method` and `default_source`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.objects import PaymentMethod, Subscription
from schemas.rows import Facts, last_of


def payment_method_of(facts: Facts, subscription: Subscription) -> PaymentMethod | None:
    """What the subscription is charged to; None where nobody showed it or it was taken away.

    The subscription's own comes before the customer's, a payment method before a source.
    """
    profile = facts.profile
    named = [subscription.default_payment_method, subscription.default_source]
    if profile:
        named += [profile.default_payment_method, profile.default_source]
    default = next((id_ for id_ in named if id_ is not None), None)
    method = last_of(facts.payment_methods, default)
    return None if method and method.is_detached else method


def expires_at(method: PaymentMethod) -> int | None:
    """The first second in which its card is no good any more, in UTC; None where it has no end."""
    year, month = method.exp_year, method.exp_month
    if year is None or month is None:
        return None
    follows = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return int(follows.timestamp())
