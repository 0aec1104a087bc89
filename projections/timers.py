"""What is armed: moments of automations that come by time alone, unless something happens before.

Source: docs/automations.md, "What is armed".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.ahead import moments
from projections.conditions import hold_for
from projections.dates import dates_of
from projections.deletion import with_customer_deleted
from projections.ends import lost_by
from projections.mrr import mrr_of
from projections.spans import seconds
from schemas.automations import AHEAD, Automation
from schemas.objects import Subscription
from schemas.rows import AnnouncedStage, Facts, Row
from schemas.settings import BusinessSettings


class Timer(NamedTuple):
    """A moment to come; `date` is what it comes before. Without `due_at` it is not armed.

    That is so where `before` is not shorter than half the period.
    """

    automation: str
    subscription: str | None
    due_at: int | None
    date: int | None = None
    span: str | None = None
    key: str = ""


def timers_of(row: Row, settings: BusinessSettings) -> Iterator[Timer]:
    """All timers of a customer whose conditions hold as things stand; none for what has come."""
    seen = with_customer_deleted(row.facts)
    mrr = mrr_of(seen, settings)
    for automation in settings.automations:
        if automation.on in AHEAD:
            for subscription in seen.current:
                if hold_for(automation.when, seen, mrr, subscription):
                    timers = _ahead(seen, subscription, automation, settings)
                    yield from (each for each in timers if each.key not in row.announced.fired)
        elif hold_for(automation.when, seen, mrr, None):
            yield from _of_customer(seen, row.announced.stage, automation)


def _ahead(
    facts: Facts, subscription: Subscription, automation: Automation, settings: BusinessSettings
) -> Iterator[Timer]:
    armed = list(moments(facts, subscription, automation, settings))
    for moment in armed:
        if moment.due_at > facts.at:
            key = f"{automation.name}/{subscription.id}/{moment.key}"
            yield Timer(
                automation.name, subscription.id, moment.due_at, moment.date, moment.span, key
            )
    placed = {(moment.of, moment.span) for moment in armed}
    for of, date in dates_of(facts, subscription, automation, settings).items():
        for span in automation.before:
            if (of, span) not in placed and date.at > facts.at:
                yield Timer(automation.name, subscription.id, None, date.at, span)


def _of_customer(
    facts: Facts, stage: AnnouncedStage | None, automation: Automation
) -> Iterator[Timer]:
    due_at = None
    if (
        automation.after is not None
        and facts.active_at
        and stage
        and stage.name == automation.stage
    ):
        due_at = facts.active_at + seconds(automation.after)
    elif automation.grace is not None and (lost := lost_by(facts)) is not None:
        due_at = lost.ended_at + seconds(automation.grace)
    if due_at is not None and due_at > facts.at:
        yield Timer(automation.name, None, due_at)
