"""Says in words how an amount comes about: items, discounts, taxes, rules."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from projections.mrr.rules import rules_of
from projections.mrr.subtraction import Subtracted
from projections.mrr.words import LEFT_OUT, NOT_RECURRING, PENDING, ZERO
from projections.mrr.workings import ItemWorking, Working
from schemas.currencies import show_money
from schemas.objects import Coupon
from schemas.settings import BusinessSettings
from streams.mrr.answers import Answer

USUAL = {"week": Fraction(52, 12), "day": Fraction(365, 12)}


def why(answer: Answer) -> list[str]:
    """Every step to the amount, and the rules that were used."""
    steps = [step for working in answer.workings for step in _steps(working)]
    return [*steps, _rules(answer.settings)] if answer.workings else steps


def money(value: Fraction, currency: str) -> str:
    """An amount for people, and the exact fraction of minor units where it is none."""
    shown = show_money(round(value), currency)
    return shown if value.denominator == 1 else f"{shown} ({value})"


def _steps(working: Working) -> Iterator[str]:
    id_ = working.subscription.id
    if working.zero is not None:
        yield f"{id_} ({working.subscription.status}) counts 0: {ZERO[working.zero]}"
        return
    if working.missing is not None:
        yield f"{id_} is pending, {working.missing}: {PENDING[working.missing]}"
        return
    yield from _counted(working)
    end = ", has a scheduled end" if working.is_leaving else ""
    amount = money(working.amount, working.currencies[0])
    yield f"{id_} ({working.subscription.status}{end}): {amount} a month"


def _counted(working: Working) -> Iterator[str]:
    currency = working.currencies[0]
    if not working.items and not working.not_recurring:
        yield f"{working.subscription.id}: its metadata says so"
    for each in working.items:
        yield f"{each.item.id}: {_period(each, currency)}"
    for item, word in working.not_recurring.items():
        yield f"{item} is no part: {NOT_RECURRING[word]}"
    for discount in working.discounts:
        yield _discount(discount, currency)
    for each in working.items:
        if each.tax is not None:
            yield f"{each.item.id}: {each.tax} % tax is within, and taken out"
        spread = f"{money(each.net, currency)} × {each.per_month}"
        yield f"{each.item.id}: {spread} = {money(each.monthly, currency)} a month"


def _period(each: ItemWorking, currency: str) -> str:
    item = each.item
    every = item.interval if item.interval_count == 1 else f"{item.interval_count} {item.interval}s"
    quantity = "" if item.quantity is None else f", quantity {item.quantity}"
    return f"{money(each.amount, currency)} every {every}{quantity}"


def _discount(each: Subtracted, currency: str) -> str:
    terms = f"{each.discount} ({_terms(each.coupon)})" if each.coupon else each.discount
    name = f"discount {terms} of the {each.level}"
    if each.left_out is not None:
        return f"{name} is left out: {LEFT_OUT[each.left_out]}"
    parts = ", ".join(f"{money(off, currency)} off {item}" for item, off in each.off.items())
    return f"{name}: {parts}"


def _terms(coupon: Coupon) -> str:
    if coupon.percent_off is not None:
        return f"{coupon.percent_off} % {coupon.duration}"
    if coupon.amount_off is not None and coupon.currency is not None:
        return f"{show_money(coupon.amount_off, coupon.currency)} {coupon.duration}"
    return coupon.duration


def _rules(settings: BusinessSettings) -> str:
    rules = rules_of(settings.mrr)
    parts = [
        f"{rules.discounts} discounts",
        f"a scheduled cancellation counts at its {rules.cancel_counts}",
    ]
    if "past_due" not in rules.statuses:
        parts.append("past_due does not count")
    if rules.pause_collection == "exclude":
        parts.append("a pause of collection does not count")
    parts += [
        f"{rules.per_month[interval]} {interval}s a month"
        for interval, usual in USUAL.items()
        if rules.per_month[interval] != usual
    ]
    if settings.business.mrr != "subscription.mrr":
        parts.append(settings.business.mrr)
    return f"rules: {rules.preset}: {', '.join(parts)}"
