"""Keeps the sums of rollup_tables.py, in the transaction that writes what is summed.

An account's cohort and stays depend on all its updates, by the time at which they took effect. So
what an account adds is counted before and after, and the difference is written: a late update moves
what it must.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_

from console.read_model.rollup_tables import mrr_cohorts, mrr_days, stage_stays
from console.read_model.update_tables import mrr_movements, stage_changes
from console.read_model.writes import chunks, delete_keys, upsert

DAY_S = 86_400
NO_STAGE = "-"
RESTATED = frozenset({"settings", "correction"})
Values = Mapping[str, Any]
Sums = dict[tuple[Any, ...], Counter[str]]
"""By primary key; whole numbers and fractions (columns that end in `_exact`) to be added."""


def roll_up(
    connection: Connection, *, movements: Sequence[Values], changes: Sequence[Values]
) -> None:
    """Add rows that are about to be inserted into `mrr_movements` and `stage_changes`.

    None of them may be there yet, and nobody else may write meanwhile.
    """
    _add(connection, mrr_days, _days(movements))
    _add_each(connection, mrr_cohorts, mrr_movements, movements, _cohorts)
    _add_each(connection, stage_stays, stage_changes, changes, _stays)


def month_of(seconds: int) -> int:
    """The UTC month of a time, year × 12 + month - 1."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.year * 12 + at.month - 1


def _days(movements: Iterable[Values]) -> Sums:
    sums: Sums = defaultdict(Counter)
    for each in movements:
        key = (
            each["livemode"],
            each["currency"],
            each["effective_at"] // DAY_S,
            each["movement"],
            each["origin"] in RESTATED,
        )
        sums[key].update(_moved(each), movements=1)
    return sums


def _moved(movement: Values) -> dict[str, Any]:
    before, after = movement["before_exact"], movement["after_exact"]
    return {
        "delta_exact": Fraction(movement["delta_exact"]),
        "gained": int(before == "0" != after),
        "lost": int(before != "0" == after),
    }


def _cohorts(movements: Sequence[Values]) -> Sums:
    """What one account adds, in each of its currencies."""
    sums: Sums = defaultdict(Counter)
    cohorts: dict[str, int] = {}
    for each in sorted(movements, key=lambda each: int(each["effective_at"])):
        currency, month = each["currency"], month_of(each["effective_at"])
        is_first = currency not in cohorts
        cohort = cohorts.setdefault(currency, month)
        key = (each["livemode"], currency, cohort, month, each["movement"])
        sums[key].update(_moved(each), accounts=int(is_first))
    return sums


def _stays(changes: Sequence[Values]) -> Sums:
    """What one account adds: each stay in a stage, and what came next."""
    sums: Sums = defaultdict(Counter)
    ordered = sorted(changes, key=lambda it: (it["effective_at"], it["sequence"], it["index"]))
    for each, follows in zip_longest(ordered, ordered[1:]):
        begun_at, following, days = each["effective_at"], "", 0
        if follows is not None:
            following = follows["stage"] or NO_STAGE
            days = (follows["effective_at"] - begun_at) // DAY_S
        stage = each["stage"] or NO_STAGE
        sums[each["livemode"], begun_at // DAY_S, stage, following, days]["stays"] += 1
    return sums


def _add_each(
    connection: Connection,
    table: Table,
    source: Table,
    rows: Sequence[Values],
    counted: Callable[[Sequence[Values]], Sums],
) -> None:
    """Add what each account adds with these rows more than it did without."""
    added: dict[str, list[Values]] = defaultdict(list)
    for row in rows:
        added[row["subject"]].append(row)
    former: dict[str, list[Values]] = defaultdict(list)
    for subjects in chunks(added):
        found = connection.execute(select(source).where(source.c.subject.in_(subjects)))
        for each in found.mappings():
            former[each["subject"]].append(dict(each))
    sums: Sums = defaultdict(Counter)
    for subject, news in added.items():
        for key, values in counted([*former[subject], *news]).items():
            sums[key].update(values)
        for key, values in counted(former[subject]).items():
            sums[key].subtract(values)
    _add(connection, table, sums)


def _add(connection: Connection, table: Table, sums: Sums) -> None:
    """Add to the rows that are there; those in which nothing is left go."""
    changed = {key: values for key, values in sums.items() if any(values.values())}
    names = [column.name for column in table.primary_key]
    for keys in chunks(changed):
        here = select(table).where(tuple_(*table.primary_key).in_(keys))
        for row in connection.execute(here).mappings():
            changed[tuple(row[name] for name in names)].update(
                {name: _read(name, row[name]) for name in row if name not in names}
            )
    delete_keys(connection, table, [key for key, it in changed.items() if not any(it.values())])
    written = [
        dict(zip(names, key, strict=True)) | {name: _written(name, it[name]) for name in it}
        for key, it in changed.items()
        if any(it.values())
    ]
    upsert(connection, table, written)


def _read(name: str, value: Any) -> Any:
    return Fraction(value) if name.endswith("_exact") else value


def _written(name: str, value: Any) -> Any:
    return str(value) if name.endswith("_exact") else value
