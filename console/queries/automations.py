"""Automations: the rules in force, how often each fired or was held back, and what is armed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from console.queries.in_force import settings_in_force
from console.queries.periods import DAY_S
from console.queries.sentences import sentence
from console.read_model.ahead_tables import armed
from console.read_model.update_tables import moments
from schemas.automations import Automation

WEEK, MONTH = 7, 30
"""Days over which moments are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An automation; times are Unix seconds.

    `is_in_force` is false of one that settings no more name, which has a past alone: then it has
    no sentence. `since` is when it came to read as it does; null where it always did. `not_armed`
    counts subscriptions whose period is too short for it.
    """

    name: str
    on: str | None
    sentence: str | None
    is_in_force: bool
    version: int | None
    since: int | None
    fired_week: int
    fired_month: int
    skipped_month: int
    superseded_month: int
    last_at: int | None
    armed: int
    next_at: int | None
    not_armed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every rule, those in force in the order of the settings; which settings these are."""

    settings_version: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Moments of one rule within the last days, by what became of them."""

    week: Counter[str]
    month: Counter[str]
    last_at: int | None


def rules(connection: Connection, *, livemode: bool, now: int) -> Rules:
    """All rules that are in force or have a past."""
    in_force = settings_in_force(connection)
    known = {each.name: each for each in in_force.content.automations}
    names = [*known, *_former(connection, known, livemode=livemode)]
    ahead = _armed(connection, livemode=livemode)
    found = []
    for name in names:
        automation, past = known.get(name), _past(connection, name, livemode=livemode, now=now)
        rule = in_force.rules.get(name)
        count, next_at, short = ahead.get(name, (0, None, 0))
        found.append(
            Rule(
                name=name,
                on=automation.on if automation else None,
                sentence=sentence(automation) if automation else None,
                is_in_force=automation is not None,
                version=rule.version if rule else None,
                since=rule.since if rule else None,
                fired_week=past.week["triggered"],
                fired_month=past.month["triggered"],
                skipped_month=past.month["skipped"],
                superseded_month=past.month["superseded"],
                last_at=past.last_at,
                armed=count,
                next_at=next_at,
                not_armed=short,
            )
        )
    return Rules(settings_version=in_force.version, rules=tuple(found))


def _former(
    connection: Connection, known: Mapping[str, Automation], *, livemode: bool
) -> Iterable[str]:
    """Rules that have moments and are in force no more; each is one step in the index."""
    table = moments.c
    name: str | None = ""
    while True:
        name = connection.scalar(
            select(func.min(table.automation)).where(
                table.livemode == livemode, table.automation > name
            )
        )
        if name is None:
            return
        if name not in known:
            yield name


def _past(connection: Connection, name: str, *, livemode: bool, now: int) -> _Past:
    table = moments.c
    of_rule = (table.livemode == livemode, table.automation == name)
    is_recent = table.recorded_at > now - WEEK * DAY_S
    found = connection.execute(
        select(table.what, is_recent, func.count())
        .where(*of_rule, table.recorded_at > now - MONTH * DAY_S)
        .group_by(table.what, is_recent)
    )
    week: Counter[str] = Counter()
    month: Counter[str] = Counter()
    for what, recent, count in found:
        month[what] += count
        week[what] += count if recent else 0
    last_at = connection.scalar(select(func.max(table.recorded_at)).where(*of_rule))
    return _Past(week=week, month=month, last_at=last_at)


def _armed(connection: Connection, *, livemode: bool) -> Mapping[str, tuple[int, int | None, int]]:
    """By rule: how many moments are armed, when the next is due, how many are not armed."""
    table = armed.c
    found = connection.execute(
        select(
            table.automation,
            func.count(table.due_at),
            func.min(table.due_at),
            func.count() - func.count(table.due_at),
        )
        .where(table.livemode == livemode)
        .group_by(table.automation)
    )
    return {name: (count, next_at, short) for name, count, next_at, short in found}
