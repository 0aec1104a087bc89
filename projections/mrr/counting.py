"""Counts one subscription: its items' periods, discounts, inclusive tax, spread over a month.

Source: docs/mrr.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from projections.mrr.discounts import Redeemed
from projections.mrr.prices import number, period_amount
from projections.mrr.rules import Rules
from projections.mrr.subtraction import Invoice, Subtracted
from projections.mrr.words import InputMissingError
from projections.mrr.workings import ItemWorking, Working
from schemas.objects import Item, Subscription
from schemas.rows import Facts, last_of

UNCOLLECTED = frozenset({"void", "mark_uncollectible"})
"""Pauses of collection in which nothing is ever owed; `keep_as_draft` only puts it off."""
AMOUNT_MAX = 10**15
"""A month's worth in minor units that nobody pays; sums of less fit any reader's integers."""
EXACT_BITS_MAX = 512
"""Of an exact fraction's denominator: twenty discounts and a tax have less."""
DIGITS_MAX = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What is needed beside the subscription to count it."""

    facts: Facts
    rules: Rules
    redeemed: Redeemed

    def count(self, subscription: Subscription) -> Working:
        """Count a subscription that is counted.

        Raises:
            InputMissingError: The word of `PENDING` for what is not known.
        """
        items = _priced_items(subscription)
        currency = currency_of(subscription)
        counted = {item.id: item for item in items if _why_not_recurring(item) is None}
        amounts = {
            id_: period_amount(item, last_of(self.facts.prices, item.price), currency)
            for id_, item in counted.items()
        }
        invoice = Invoice(
            facts=self.facts,
            rules=self.rules,
            currency=currency,
            items=counted,
            per_month={id_: self._per_month(item) for id_, item in counted.items()},
            left=dict(amounts),
            products=len({item.product for item in items}),
            caveats=set(),
        )
        discounts = tuple(self._discounts(subscription, invoice)) if counted else ()
        worked = tuple(_net(subscription, invoice, amounts, id_) for id_ in counted)
        caveats = invoice.caveats.union(_caveats(subscription, worked, self.facts.at))
        return Working(
            subscription=subscription,
            currencies=(currency,),
            amount=_in_range(sum((each.monthly for each in worked), Fraction())),
            items=worked,
            not_recurring={item.id: word for item in items if (word := _why_not_recurring(item))},
            discounts=discounts,
            caveats=tuple(sorted(caveats)),
        )

    def _per_month(self, item: Item) -> Fraction:
        rate = self.rules.per_month.get(item.interval or "")
        if rate is None:
            raise InputMissingError("interval")
        return rate / item.interval_count

    def _discounts(self, subscription: Subscription, invoice: Invoice) -> Iterator[Subtracted]:
        """Items' discounts first, then the subscription's; the customer's where it has none."""
        redeemed, scope = self.redeemed, tuple(invoice.items)
        seen_at = self.facts.subscriptions[subscription.id].versions[-1].at
        for id_, item in invoice.items.items():
            yield from invoice.subtract(redeemed.of_item(item, seen_at), "item", (id_,))
        own = redeemed.of_subscription(subscription, seen_at)
        yield from invoice.subtract(own, "subscription", scope)
        if all(invoice.has_ended(each) for each in own):
            yield from invoice.subtract(redeemed.of_customer, "customer", scope)
        else:
            for each in redeemed.of_customer:
                yield Subtracted(each, "customer", None, {}, "replaced")


def count_as_told(subscription: Subscription, key: str) -> Working:
    """Take a month's worth from the subscription's metadata, in minor units of its currency.

    Raises:
        InputMissingError: `metadata` or `currency`.
    """
    text = subscription.metadata.get(key, "").strip()
    whole, point, decimals = text.partition(".")
    is_number = whole.isdecimal() and (decimals.isdecimal() or not point)
    if not (is_number and text.isascii() and len(text) <= DIGITS_MAX):
        raise InputMissingError("metadata")
    return Working(
        subscription=subscription,
        currencies=(currency_of(subscription),),
        amount=_in_range(number(text)),
    )


def currencies_of(subscription: Subscription) -> tuple[str, ...]:
    """Its own; prices said it before Stripe told it of subscriptions, in 2022."""
    if subscription.currency is not None:
        return (subscription.currency,)
    return tuple(sorted({item.currency for item in subscription.items if item.currency}))


def currency_of(subscription: Subscription) -> str:
    """A subscription has one currency.

    Raises:
        InputMissingError: `currency`, where its prices do not say which.
    """
    currencies = currencies_of(subscription)
    if len(currencies) != 1:
        raise InputMissingError("currency")
    return currencies[0]


def is_uncollected(subscription: Subscription, at: int) -> bool:
    """Whether what falls due now is never owed."""
    resumes_at = subscription.collection_resumes_at
    is_over = resumes_at is not None and resumes_at <= at
    return subscription.collection_pause in UNCOLLECTED and not is_over


def _in_range(amount: Fraction) -> Fraction:
    if abs(amount) >= AMOUNT_MAX or amount.denominator.bit_length() > EXACT_BITS_MAX:
        raise InputMissingError("amount_range")
    return amount


def _priced_items(subscription: Subscription) -> list[Item]:
    if subscription.has_more_items or not subscription.items:
        raise InputMissingError("items")
    if any(item.price is None for item in subscription.items):
        raise InputMissingError("price")
    if any(item.currency is None for item in subscription.items):
        raise InputMissingError("currency")
    # By id, so that nothing hangs on the order in which Stripe lists them.
    return sorted(subscription.items, key=lambda item: item.id)


def _why_not_recurring(item: Item) -> str | None:
    if item.interval is None:
        return "one_time"
    return None if item.usage_type == "licensed" else "metered"


def _net(
    subscription: Subscription, invoice: Invoice, amounts: dict[str, Fraction], id_: str
) -> ItemWorking:
    item, left = invoice.items[id_], invoice.left[id_]
    rates = subscription.tax_included if item.tax_included is None else item.tax_included
    tax = sum(map(number, rates), Fraction()) if rates else None
    return ItemWorking(
        item=item,
        amount=amounts[id_],
        per_month=invoice.per_month[id_],
        net=left / (1 + tax / 100) if tax else left,
        tax=tax,
    )


def _caveats(subscription: Subscription, worked: tuple[ItemWorking, ...], at: int) -> Iterator[str]:
    if is_uncollected(subscription, at):
        yield "collection_paused"
    for item, _, _, _, tax in worked:
        if item.tax_behavior == "inclusive" and tax is None:
            yield "inclusive_tax"
        if item.trial_end is not None and item.trial_end > at:
            yield "trial_offer"
        if item.interval in {"week", "day"}:
            yield "week_or_day"
