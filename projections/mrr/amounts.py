"""MRR of one customer, preset `standard`: exact, per currency, or unknown with the reason.

Counted are `active` and `past_due` subscriptions, licensed recurring prices per unit, spread over
a month: year / 12, week x 52/12, day x 365/12. Discounts that are `forever`, or `repeating` and not
ended, are subtracted item by item, then from the subscription, in their order; a subscription
without any takes the customer's. What is missing makes a subscription `pending`, never 0.
Source: docs/mrr.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from projections.mrr.discounts import InputMissingError, discounted
from schemas.money import add
from schemas.rows import Discount, Facts, Item, Subscription

COUNTED_STATUSES = frozenset({"active", "past_due"})
MONTHS_PER_INTERVAL = {
    "month": Fraction(1),
    "year": Fraction(12),
    "week": Fraction(12, 52),
    "day": Fraction(12, 365),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MrrView:
    """Exact MRR of a customer per subscription, and what cannot be counted yet.

    `seen` has a zero for each currency that counts; `pending` maps a subscription to the reason why
    its MRR is not known.
    """

    seen: Mapping[str, Fraction]
    by_subscription: Mapping[str, Mapping[str, Fraction]]
    pending: Mapping[str, str]

    @property
    def total(self) -> dict[str, Fraction]:
        """The customer's MRR."""
        return add(self.seen, *self.by_subscription.values())

    def committed(self, subscriptions: Iterable[Subscription]) -> dict[str, Fraction]:
        """The customer's MRR without subscriptions that have a scheduled end."""
        staying = {each.id for each in subscriptions if not _has_scheduled_end(each)}
        amounts = self.by_subscription
        return add(self.seen, *(amounts[each] for each in amounts if each in staying))


def mrr_of(facts: Facts) -> MrrView:
    """Count a customer's MRR at the row's own time."""
    of_customer = facts.profile.discounts if facts.profile else ()
    counted: dict[str, Mapping[str, Fraction]] = {}
    pending: dict[str, str] = {}
    current = facts.current
    for subscription in current:
        try:
            counted[subscription.id] = _mrr_of_one(subscription, of_customer, at=facts.at)
        except InputMissingError as missing:
            pending[subscription.id] = str(missing)
    # A currency is zero only where it is known to be: what is pending leaves no trace of it.
    seen = {
        item.currency: Fraction()
        for each in current
        if each.id in counted
        for item in each.items
        if item.currency
    }
    return MrrView(seen=seen, by_subscription=counted, pending=pending)


def _has_scheduled_end(subscription: Subscription) -> bool:
    return subscription.cancel_at_period_end or subscription.cancel_at is not None


def _mrr_of_one(
    subscription: Subscription, of_customer: tuple[Discount, ...], *, at: int
) -> dict[str, Fraction]:
    if subscription.status not in COUNTED_STATUSES:
        return {}
    if subscription.has_more_items or not subscription.items:
        raise InputMissingError("items")
    licensed = [item for item in subscription.items if _is_counted(item)]
    periods = {item.id: _months(item) for item in licensed}
    amounts = {
        item.id: discounted(
            {item.id: _period_amount(item)}, item.discounts, currency=item.currency, at=at
        )[item.id]
        for item in licensed
    }
    if licensed:
        # A coupon counts once for each invoice, so it belongs to the shortest cycle.
        shortest = min(periods.values())
        billed = [item.id for item in licensed if periods[item.id] == shortest]
        discounts = subscription.discounts or of_customer
        first = licensed[0].currency
        percent = discounted(amounts, discounts, currency=first, at=at, once_for=billed)
        amounts.update(percent)
    return add(*({str(item.currency): amounts[item.id] / periods[item.id]} for item in licensed))


def _is_counted(item: Item) -> bool:
    """Metered usage and one-time prices are no recurring revenue."""
    if item.price is None:
        raise InputMissingError("price")
    return item.interval is not None and item.usage_type == "licensed"


def _months(item: Item) -> Fraction:
    months = MONTHS_PER_INTERVAL.get(item.interval or "")
    if months is None:
        raise InputMissingError("interval")
    return months * item.interval_count


def _period_amount(item: Item) -> Fraction:
    """What one period of the item costs, before discounts, in minor units."""
    if item.currency is None:
        raise InputMissingError("currency")
    if item.unit_amount is None:
        raise InputMissingError("tiers" if item.billing_scheme == "tiered" else "unit_amount")
    quantity = 1 if item.quantity is None else item.quantity
    if item.divide_by:
        whole, rest = divmod(quantity, item.divide_by)
        quantity = whole + 1 if rest and item.round_up else whole
    # Text of a whole number is the rule; reading it as such is much faster.
    whole_amount = item.unit_amount.removeprefix("-").isdecimal()
    amount = int(item.unit_amount) if whole_amount else Fraction(item.unit_amount)
    return Fraction(amount * quantity)
