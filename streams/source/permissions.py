"""What a restricted key must be allowed to do, in Stripe's words, and what of it a key lacks.

Source: Stripe's documentation, "Restricted API keys"; the words as its messages of a missing
permission have them, and as its Dashboard takes them in a link that opens a form filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from streams.source.stripe_api import ForbiddenError, StripeApi

DASHBOARD = "https://dashboard.stripe.com/"


class Permission(NamedTuple):
    """A row of the Dashboard's form, what it is called in messages, and a list that takes it."""

    row: str
    word: str
    service: Callable[[Any], Any]

    def __str__(self) -> str:
        """As a person ticks it."""
        return f"{self.row}: {'Write' if self.word.endswith('_write') else 'Read'}"


READING = (
    Permission("Charges and Refunds", "rak_charge_read", lambda v1: v1.charges),
    Permission("Coupons", "rak_coupon_read", lambda v1: v1.coupons),
    Permission("Customers", "rak_customer_read", lambda v1: v1.customers),
    Permission("Disputes", "rak_dispute_read", lambda v1: v1.disputes),
    Permission("Events", "rak_event_read", lambda v1: v1.events),
    Permission("Invoices", "rak_invoice_read", lambda v1: v1.invoices),
    Permission("Payment Methods", "rak_payment_method_read", lambda v1: v1.payment_methods),
    Permission("Prices", "rak_plan_read", lambda v1: v1.prices),
    Permission("Products", "rak_product_read", lambda v1: v1.products),
    Permission("Subscriptions", "rak_subscription_read", lambda v1: v1.subscriptions),
)
"""What back-fill, catch-up and comparing read."""
CONNECTING = (
    Permission("Webhook Endpoints", "rak_webhook_write", lambda v1: v1.webhook_endpoints),
)
"""What only `subfold connect` and `disconnect` need beside that."""
TRYING = (
    Permission("Test clocks", "rak_billing_clock_write", lambda v1: v1.test_helpers.test_clocks),
)
"""What `subfold connect` uses in test mode if it may."""


async def lacking(api: StripeApi, wanted: Iterable[Permission]) -> list[Permission]:
    """Ask each list for one object; give all that the key may not.

    Reading is tried alone: what the key may not write shows when it is written.

    Raises:
        StripeError: Stripe cannot be asked.
    """
    missing = []
    for each in wanted:
        try:
            await api.retrieve(each.service(api.client.v1).list_async, {"limit": 1})
        except ForbiddenError:
            missing.append(each)
    return missing


def form(wanted: Iterable[Permission], *, livemode: bool) -> str:
    """The address of the Dashboard's form for a new restricted key, with these ticked."""
    words = [("name", "subfold"), *(("permissions[]", each.word) for each in wanted)]
    return f"{DASHBOARD}{'' if livemode else 'test/'}apikeys/create?{urlencode(words, safe='[]')}"
