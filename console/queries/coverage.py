"""Which metadata key leads to your own ids: how many customers have each, and how unique it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, func, select

from console.jobs import Job
from console.read_model.tables import account_rows, accounts

EXAMPLES = 3
KEYS_MAX = 200
"""Stripe allows fifty keys on one object; whoever writes ids into keys shall not fill the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One metadata key.

    Attributes:
        on: `customer`, or `subscription` for what stands on at least one of a customer's.
        customers: How many have a value that is not empty.
        distinct: How many different values there are.
        shared: Customers whose value another one has, too.
    """

    on: str
    key: str
    customers: int
    distinct: int
    shared: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All keys, those that most customers have first. `left_out`: keys beyond the first 200."""

    customers: int
    keys: tuple[Key, ...]
    left_out: int


@dataclass(slots=True)
class _Seen:
    """Customers by value."""

    values: Counter[str] = field(default_factory=Counter)
    customers: int = 0


def coverage(connection: Connection, *, livemode: bool, job: Job | None = None) -> Coverage:
    """Read every customer that is not deleted; `job` is told how far it is.

    A customer counts once for each key of its subscriptions; where they differ, by the smallest
    value.
    """
    chosen = (accounts.c.livemode == livemode) & accounts.c.deleted_at.is_(None)
    total = connection.scalar(select(func.count()).select_from(accounts).where(chosen)) or 0
    seen: dict[tuple[str, str], _Seen] = {}
    for number, body in enumerate(_bodies(connection, livemode=livemode), 1):
        _count(seen, body)
        if job and number % 500 == 0:
            job.progress(number, total)
    keys = sorted(
        (_key(on, key, each) for (on, key), each in seen.items()),
        key=lambda each: (-each.customers, each.shared, each.on, each.key),
    )
    left_out = max(len(keys) - KEYS_MAX, 0)
    return Coverage(customers=total, keys=tuple(keys[:KEYS_MAX]), left_out=left_out)


def _bodies(connection: Connection, *, livemode: bool) -> Iterator[dict[str, object]]:
    chosen = (accounts.c.livemode == livemode) & accounts.c.deleted_at.is_(None)
    asked = select(account_rows.c.row).join(accounts, accounts.c.subject == account_rows.c.subject)
    found = connection.execution_options(yield_per=500).execute(asked.where(chosen))
    return (orjson.loads(row) for (row,) in found)


def _count(seen: dict[tuple[str, str], _Seen], body: dict[str, object]) -> None:
    customer: dict[str, dict[str, str]] = body["customer"]  # type: ignore[assignment]
    subscriptions: list[dict[str, dict[str, str]]] = body["subscriptions"]  # type: ignore[assignment]
    _add(seen, "customer", [customer["metadata"]])
    _add(seen, "subscription", [each["metadata"] for each in subscriptions])


def _add(seen: dict[tuple[str, str], _Seen], on: str, metadata: Iterable[dict[str, str]]) -> None:
    found: dict[str, str] = {}
    for each in metadata:
        for key, value in each.items():
            if value.strip():
                found[key] = min(value, found.get(key, value))
    for key, value in found.items():
        here = seen.setdefault((on, key), _Seen())
        here.customers += 1
        here.values[value] += 1


def _key(on: str, key: str, seen: _Seen) -> Key:
    return Key(
        on=on,
        key=key,
        customers=seen.customers,
        distinct=len(seen.values),
        shared=sum(times for times in seen.values.values() if times > 1),
        examples=tuple(sorted(seen.values)[:EXAMPLES]),
    )
