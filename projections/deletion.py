"""What the deletion of a customer means: Stripe cancels its subscriptions at once.

The events of their ends may come before, after or never; nothing that was deleted is worth
anything in between. Source: Stripe API reference, "Delete a customer".
"""

from __future__ import annotations

from dataclasses import replace

from schemas.rows import Facts, SubscriptionFacts


def with_customer_deleted(facts: Facts) -> Facts:
    """Facts as they are, or with every subscription ended when its customer was deleted."""
    if facts.deleted_at is None:
        return facts
    at = facts.deleted_at
    return replace(
        facts,
        subscriptions={
            id_: entry if entry.now.is_terminal else _ended(entry, at)
            for id_, entry in facts.subscriptions.items()
        },
    )


def _ended(entry: SubscriptionFacts, at: int) -> SubscriptionFacts:
    last = entry.versions[-1]
    ended = replace(last.snapshot, status="canceled", ended_at=at, canceled_at=at)
    return replace(
        entry,
        versions=(replace(last, at=at, snapshot=ended),),
        statuses={**entry.statuses, "canceled": at},
        history=(*entry.history, (at, "canceled", True)),
    )
