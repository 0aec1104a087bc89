"""Payments of a subscription's invoices that failed, or came after all."""

from __future__ import annotations

from collections.abc import Iterator

from projections.occasions import Occasion
from schemas.automations import Automation
from schemas.objects import Invoice, Subscription
from schemas.rows import last_of
from schemas.times import iso_or_none
from schemas.transitions import Transition


def payments(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[Occasion]:
    """What this record showed of the subscription's invoices, but for old ones."""
    connected_at = transition.connected_at or 0
    for id_, sightings in transition.after.invoices.items():
        now, known = sightings[-1].snapshot, last_of(transition.before.invoices, id_)
        if now.subscription != subscription.id or now.created_at < connected_at:
            continue
        if automation.on == "payment_failed":
            if _has_failed(now) and now.attempt_count > (known.attempt_count if known else 0):
                yield _occasion(transition, subscription, now, f"{id_}/{now.attempt_count}")
        elif now.status == "paid" and known and _has_failed(known):
            yield _occasion(transition, subscription, now, id_)


def _has_failed(invoice: Invoice) -> bool:
    return invoice.status == "open" and invoice.attempt_count > 0


def _occasion(
    transition: Transition, subscription: Subscription, invoice: Invoice, key: str
) -> Occasion:
    return Occasion(
        key=key,
        due_at=transition.effective_at,
        subscription=subscription,
        details={
            "invoice": invoice.id,
            "attempt": str(invoice.attempt_count),
            "next_attempt_at": iso_or_none(invoice.next_attempt_at),
            "amount_due": str(invoice.amount_due),
            "currency": invoice.currency,
        },
    )
