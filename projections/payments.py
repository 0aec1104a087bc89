"""Payments of a subscription's invoices that failed, or came after all."""

from __future__ import annotations

from collections.abc import Iterator

from projections.occasions import Occasion
from schemas.automations import Automation
from schemas.objects import Invoice, Subscription
from schemas.rows import Sightings
from schemas.times import iso_or_none
from schemas.transitions import Transition

FAILED = "invoice.payment_failed"
UNPAID = frozenset({"open", "uncollectible"})


def payments(
    transition: Transition, automation: Automation, subscription: Subscription
) -> Iterator[Occasion]:
    """What this record showed of the subscription's invoices, but for old ones."""
    connected_at = transition.connected_at or 0
    # An invoice may come before its subscription: nothing was told of it then.
    former = transition.before.invoices if _is_known(transition, subscription) else {}
    for id_, sightings in transition.after.invoices.items():
        now, known = sightings[-1].snapshot, former.get(id_, ())
        if now.subscription != subscription.id or now.created_at < connected_at:
            continue
        if automation.on == "payment_failed":
            attempts = known[-1].snapshot.attempt_count if has_failed(known) else 0
            if has_failed(sightings) and now.attempt_count > attempts:
                yield _occasion(transition, subscription, now, f"{id_}/{now.attempt_count}")
        elif now.status == "paid" and _was_tried(known, now):
            yield _occasion(transition, subscription, now, id_)


def has_failed(sightings: Sightings[Invoice]) -> bool:
    """Whether a try to collect was in vain, as far as the last second shows it.

    An attempt that is under way, as for a bank debit, leaves the invoice open, too.
    """
    if not sightings or sightings[-1].snapshot.status != "open":
        return False
    now = sightings[-1].snapshot
    is_told = any(each.event_type == FAILED for each in sightings)
    return now.attempt_count > 0 and (is_told or now.next_attempt_at is not None)


def _was_tried(known: Sightings[Invoice], now: Invoice) -> bool:
    """Whether it was unpaid after a try, and is paid by a later one or after it had failed."""
    if not known or known[-1].snapshot.status not in UNPAID:
        return False
    former = known[-1].snapshot
    is_later = now.attempt_count > former.attempt_count > 0
    return is_later or has_failed(known) or former.status == "uncollectible"


def _is_known(transition: Transition, subscription: Subscription) -> bool:
    return subscription.id in transition.before.subscriptions


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
            "amount_remaining": str(invoice.amount_remaining),
            "currency": invoice.currency,
        },
    )
