"""Lifecycle stage: the user's rules on each subscription, and precedence between them.

Rules match in order for one subscription. A status that no rule names takes the stage of the latest
status that a rule names. `incomplete` and `incomplete_expired` decide only where there is no other
subscription. Source: docs/contract.md, "Rows and markers".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from schemas.rows import Announced, AnnouncedStage, Facts, SubscriptionFacts
from schemas.settings import Stages
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import StageChanged, Update

NEVER_STARTED = frozenset({"incomplete", "incomplete_expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """The stage that the facts say; `since` is when the deciding subscription came into it."""

    name: str
    since: int
    rule: str
    subscription: str
    status: str


def stage_of(facts: Facts, stages: Stages) -> StageView | None:
    """Find the customer's stage; None while no subscription has a status that a rule names."""
    # Backwards, so that of two rules that name a status the first in the file is kept.
    named = {status: rule.name for rule in reversed(stages.rules) for status in rule.when.status}
    views = [
        view
        for subscription, entry in facts.subscriptions.items()
        if (view := _stage_of_one(subscription, entry, named))
    ]
    started = [view for view in views if view.status not in NEVER_STARTED]
    place = {name: number for number, name in enumerate(stages.precedence)}
    return min(
        started or views,
        key=lambda view: (place[view.name], -view.since, view.subscription),
        default=None,
    )


def project_stage(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell a change of stage: the name is what counts, not which subscription decided."""
    view = stage_of(transition.after, transition.settings.stages)
    previous = announced.stage
    if (view.name if view else None) == (previous.name if previous else None):
        return announced, iter(())
    told = (
        AnnouncedStage(
            name=view.name, since=view.since, rule=view.rule, subscription=view.subscription
        )
        if view
        else None
    )
    update = StageChanged(
        **transition.common,
        index=0,
        previous=previous.name if previous else None,
        stage=view.name if view else None,
        since=iso(view.since) if view else None,
        rule=view.rule if view else None,
        subscription=view.subscription if view else None,
        status=view.status if view else None,
    )
    return replace(announced, stage=told), iter((update,))


def _stage_of_one(
    subscription: str, entry: SubscriptionFacts, named: Mapping[str, str]
) -> StageView | None:
    name = named.get(entry.now.status) or _last_named(entry, named)
    if name is None:
        return None
    since = entry.versions[-1].at
    # Walk back through what was seen, second by second, as long as the stage was among it.
    for at, seen in groupby(reversed(entry.history), key=lambda sighting: sighting[0]):
        if name not in {named.get(status, name) for _, status in seen}:
            break
        since = min(since, at)
    return StageView(
        name=name, since=since, rule=name, subscription=subscription, status=entry.now.status
    )


def _last_named(entry: SubscriptionFacts, named: Mapping[str, str]) -> str | None:
    """The stage of the latest status that a rule names; None when there never was one."""
    times = [(at, status) for status, at in entry.statuses.items() if status in named]
    return named[max(times)[1]] if times else None
