"""The closed words of MRR: why it is pending, zero, or may differ; what each means, for people.

Those of `PENDING` and `CAVEATS` are told, so they are never renamed and have their lines in
docs/mrr.md; the others only choose a sentence.
"""

from __future__ import annotations

PENDING = {
    "items": "the subscription's items are cut off or missing",
    "price": "an item has no price",
    "currency": "a price has no currency, or items without a common one",
    "interval": "a price bills by an interval that we do not know",
    "unit_amount": "a price does not say what a unit costs",
    "tiers": "a price has tiers, and nobody showed them",
    "currency_options": "nobody showed what a price costs in the subscription's currency",
    "coupon": "nobody showed the terms of a discount",
    "amount_range": "the amount is larger than any that is charged: something in it is wrong",
    "metadata": "the subscription's metadata has no number where [business] mrr looks",
}
"""What is missing while a subscription's MRR is not known; then it is never 0."""

ZERO = {
    "status": "its status is not counted",
    "cancel_requested": "its cancellation was asked for, and counts from then on",
    "collection_paused": "its collection is paused",
    "leaving": "it has a scheduled end, and [business] mrr is committed_mrr",
}
"""Why a subscription counts 0."""

NOT_RECURRING = {
    "metered": "usage is no recurring revenue",
    "one_time": "it is charged once",
}
"""Why an item is no part of MRR."""

LEFT_OUT = {
    "ended": "it has ended",
    "once": "it counts once, and such are not subtracted",
    "repeating": "it counts for some months, and such are not subtracted",
    "products": "it applies to other products",
    "currency": "it is an amount in another currency",
    "replaced": "the subscription has a discount of its own",
}
"""Why a discount takes nothing off."""

CAVEATS = {
    "inclusive_tax": "a price includes tax of a rate that nobody showed: MRR includes it, too",
    "trial_offer": "an item is in a trial offer of its own, whose price may not last",
    "coupon_products": "nobody showed which products a coupon applies to: taken as all",
    "coupon_currency": "nobody showed a coupon's amount in this currency: taken as none",
    "repeating_discount": "Stripe takes a repeating discount off a long period's whole invoice",
    "collection_paused": "collection is paused: Stripe does not say whether it counts such",
    "week_or_day": "Stripe does not say how it spreads weeks and days over a month",
}
"""What may make a counted amount differ from Stripe's."""


class InputMissingError(Exception):
    """MRR cannot be counted; the text is one of the words of `PENDING`."""
