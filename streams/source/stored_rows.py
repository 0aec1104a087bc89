"""The rows of one account as last committed, and what they have that Stripe does not list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from schemas.codec import decode_row
from schemas.errors import SubfoldError
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.log.admin import count_log_partitions
from streams.log.committed import committed, places_of, untold
from streams.log.topics import LOG
from streams.settings import Deployment
from streams.source.fetched import Scope
from streams.worker.changelog import Rows, read_rows

PATIENCE_S = 120
POLL_S = 2
CLIENT = "subfold-reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """An object that a row has and Stripe did not list: a customer or a subscription."""

    kind: str
    id: str
    customer: str


@dataclass(slots=True, kw_only=True)
class StoredRows:
    """Rows as bytes by subject, and the settings that each was folded with."""

    rows: dict[str, tuple[bytes, SettingsInForce]] = field(default_factory=dict)

    def get(self, subject: str) -> tuple[Row | None, SettingsInForce]:
        """A row; none where there is none."""
        stored = self.rows.get(subject)
        return (decode_row(stored[0]), stored[1]) if stored else (None, SettingsInForce())


async def stored_rows(deployment: Deployment, scope: Scope) -> StoredRows:
    """Read them.

    Raises:
        BrokerError: Kafka cannot be used.
    """
    return _of(await read_rows(deployment, untold), scope)


async def rows_when_folded(deployment: Deployment, scope: Scope) -> StoredRows:
    """Read them when all that is in the log now is folded.

    Raises:
        BrokerError: Kafka cannot be used.
        SubfoldError: The worker does not come so far.
    """
    kafka = deployment.kafka
    places = places_of(kafka, LOG, range(await count_log_partitions(kafka)))
    async with committed(kafka, client_id=CLIENT) as reader:
        ends = {place.partition: end for place, end in (await reader.ends(places)).items()}
    behind = 0
    for _ in range(PATIENCE_S // POLL_S):
        parts = await read_rows(deployment, untold)
        positions = [part.marker.next_offset for part in parts]
        behind = sum(max(0, ends[number] - at) for number, at in enumerate(positions))
        if not behind:
            return _of(parts, scope)
        await asyncio.sleep(POLL_S)
    raise SubfoldError(
        f"the worker is {behind} records behind, so nothing is proved: see that it runs, and check "
        "again"
    )


def _of(parts: Iterable[Rows], scope: Scope) -> StoredRows:
    mine = f"{scope}/".encode()
    found = StoredRows()
    for part in parts:
        found.rows |= {
            key.decode(): (value, part.settings)
            for key, value in part.stored.items()
            if key.startswith(mine)
        }
    return found


def unlisted(table: StoredRows, listed: Set[str]) -> Iterator[Unlisted]:
    """Customers that are not known as deleted, and subscriptions that are not known as ended."""
    for subject in table.rows:
        row, _ = table.get(subject)
        if row is None or (row.facts.profile and row.facts.profile.deleted):
            continue
        customer = subject.rpartition("/")[2]
        if customer not in listed:
            yield Unlisted(kind="customer", id=customer, customer=customer)
        for sub in row.facts.current:
            if sub.ended_at is None and sub.id not in listed:
                yield Unlisted(kind="subscription", id=sub.id, customer=customer)
