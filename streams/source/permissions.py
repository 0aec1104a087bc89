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
    """A row of the Dashboard's form, and what it is called in messages.

    `use` is what is not to be had without it, `service` has a list that takes it.
    """

    row: str
    word: str
    use: str
    service: Callable[[Any], Any]

    def __str__(self) -> str:
        """As a person ticks it."""
        return f"{self.row}: {'Write' if self.word.endswith('_write') else 'Read'}"

    @property
    def reason(self) -> str:
        """What to tick, and what for."""
        return f"{self} ({self.use})"


READING = (
    Permission("Coupons", "rak_coupon_read", "discounts in MRR", lambda v1: v1.coupons),
    Permission("Customers", "rak_customer_read", "all rows", lambda v1: v1.customers),
    Permission("Events", "rak_event_read", "catching up with lost webhooks", lambda v1: v1.events),
    Permission("Invoices", "rak_invoice_read", "open and paid invoices", lambda v1: v1.invoices),
    Permission(
        "Payment Methods",
        "rak_payment_method_read",
        "how customers pay, and until when",
        lambda v1: v1.payment_methods,
    ),
    Permission("Prices", "rak_plan_read", "tiers and currencies in MRR", lambda v1: v1.prices),
    Permission("Products", "rak_product_read", "products that change", lambda v1: v1.products),
    Permission(
        "Subscriptions",
        "rak_subscription_read",
        "stages, MRR, renewals, schedules",
        lambda v1: v1.subscriptions,
    ),
)
"""What back-fill, catch-up, enriching and comparing cannot be without."""
HISTORY = (
    Permission(
        "Charges and Refunds", "rak_charge_read", "past payments and refunds", lambda v1: v1.charges
    ),
    Permission(
        "Checkout Sessions",
        "rak_checkout_session_read",
        "past checkouts, and your ids in them",
        lambda v1: v1.checkout.sessions,
    ),
    Permission(
        "Credit Notes", "rak_credit_note_read", "past credit notes", lambda v1: v1.credit_notes
    ),
    Permission("Disputes", "rak_dispute_read", "past disputes", lambda v1: v1.disputes),
    Permission("Quotes", "rak_quote_read", "past quotes", lambda v1: v1.quotes),
)
"""What only the history of a back-fill reads, which goes on without."""
CONNECTING = (
    Permission(
        "Webhook Endpoints",
        "rak_webhook_write",
        "making the endpoint",
        lambda v1: v1.webhook_endpoints,
    ),
)
"""What only `subfold connect` and `disconnect` need beside that."""
TRYING = (
    Permission(
        "Test clocks",
        "rak_billing_clock_write",
        "making an event that comes back",
        lambda v1: v1.test_helpers.test_clocks,
    ),
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


def connecting(*, livemode: bool) -> tuple[Permission, ...]:
    """What `subfold connect` needs to write, or uses if it may."""
    return CONNECTING if livemode else (*CONNECTING, *TRYING)


def form(*, livemode: bool) -> str:
    """The address of the Dashboard's form for a new restricted key, with all of it ticked."""
    wanted = (*READING, *HISTORY, *connecting(livemode=livemode))
    words = [("name", "subfold"), *(("permissions[]", each.word) for each in wanted)]
    return f"{DASHBOARD}{'' if livemode else 'test/'}apikeys/create?{urlencode(words, safe='[]')}"
