"""Why an account is in its stage: what every rule says of every subscription, each condition alone.

Source: docs/stages.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from projections.conditions import VALUES, Considered, accepts_status, matches
from projections.deletion import with_customer_deleted
from projections.mrr import mrr_of
from projections.stage import last_named, stages_of
from projections.timeline import timeline
from schemas.conditions import Condition, Conditions
from schemas.rows import Facts, SubscriptionFacts
from schemas.settings import BusinessSettings, StageRule
from schemas.standing import MrrView


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSays:
    """One condition of a rule: what it wants, as settings write it, and what is there."""

    field: str
    wants: str
    has: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSays:
    """One rule on one subscription; the first that holds gives it its stage."""

    name: str
    holds: bool
    is_first: bool
    conditions: tuple[ConditionSays, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSpan:
    """A stretch of a subscription's life; `until` is None while it lasts."""

    status: str
    at: int
    until: int | None
    is_paying: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSays:
    """One subscription alone; what it was comes newest first.

    `judged` is the status that the rules were tried on: its own, or the latest that any rule names;
    None where there never was one.
    """

    subscription: str
    status: str
    judged: str | None
    stage: str | None
    rules: tuple[RuleSays, ...]
    statuses: tuple[StatusSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyStage:
    """The stage, the rule and subscription that decided it, and how it is decided between them."""

    stage: str | None
    since: int | None
    rule: str | None
    subscription: str | None
    between: str
    precedence: tuple[str, ...]
    subscriptions: tuple[SubscriptionSays, ...]


def why_stage(facts: Facts, settings: BusinessSettings) -> WhyStage:
    """Try every rule on every subscription."""
    seen = with_customer_deleted(facts)
    mrr = mrr_of(seen, settings)
    stage = stages_of(seen, settings, mrr).stage
    return WhyStage(
        stage=stage.name if stage else None,
        since=stage.since if stage else None,
        rule=stage.rule if stage else None,
        subscription=stage.subscription if stage else None,
        between=settings.stages.between,
        precedence=settings.stages.precedence,
        subscriptions=tuple(
            _subscription(seen.subscriptions[each.id], seen, mrr, settings.stages.rules)
            for each in seen.current
        ),
    )


def _subscription(
    entry: SubscriptionFacts, facts: Facts, mrr: MrrView, rules: tuple[StageRule, ...]
) -> SubscriptionSays:
    judged = _judged(entry, rules)
    said: tuple[RuleSays, ...] = ()
    if judged is not None:
        said = tuple(_rules(rules, Considered(entry=entry, status=judged, facts=facts, mrr=mrr)))
    return SubscriptionSays(
        subscription=entry.now.id,
        status=entry.now.status,
        judged=judged,
        stage=next((rule.name for rule in said if rule.is_first), None),
        rules=said,
        statuses=tuple(
            StatusSpan(status=each.status, at=each.at, until=each.until, is_paying=each.is_paying)
            for each in reversed(timeline(entry))
        ),
    )


def _judged(entry: SubscriptionFacts, rules: tuple[StageRule, ...]) -> str | None:
    def is_named(status: str) -> bool:
        return any(accepts_status(rule.when, status) for rule in rules)

    return entry.now.status if is_named(entry.now.status) else last_named(entry, is_named)


def _rules(rules: tuple[StageRule, ...], one: Considered) -> Iterator[RuleSays]:
    is_decided = False
    for rule in rules:
        holds = matches(rule.when, one)
        yield RuleSays(
            name=rule.name,
            holds=holds,
            is_first=holds and not is_decided,
            conditions=tuple(_conditions(rule.when, one)),
        )
        is_decided = is_decided or holds


def _conditions(conditions: Conditions, one: Considered) -> Iterator[ConditionSays]:
    for field, condition in conditions.named:
        alone = Conditions.model_validate({field: condition})
        yield ConditionSays(
            field=field,
            wants=_written(condition),
            has=tuple(map(str, VALUES[field](one))),
            holds=matches(alone, one),
        )
    data = one.now.metadata
    for key, condition in (conditions.metadata or {}).items():
        alone = Conditions.model_validate({"metadata": {key: condition}})
        yield ConditionSays(
            field=f"metadata.{key}",
            wants=_written(condition),
            has=(data[key],) if key in data else (),
            holds=matches(alone, one),
        )


def _written(condition: Condition) -> str:
    return orjson.dumps(condition.model_dump(mode="json")).decode()
