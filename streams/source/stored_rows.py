"""The rows of one account as last committed, and what they have that Stripe does not list."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from schemas.codec import decode_row
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.settings import Deployment
from streams.source.fetched import Scope
from streams.worker.changelog import read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An object that a row may not have as Stripe has it: a customer or a subscription."""

    kind: str
    id: str


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
    mine = f"{scope}/".encode()
    found = StoredRows()
    for part in await read_rows(deployment, lambda _, __: None):
        found.rows |= {
            key.decode(): (value, part.settings)
            for key, value in part.stored.items()
            if key.startswith(mine)
        }
    return found


def unlisted(table: StoredRows, listed: Set[str]) -> Iterator[Suspect]:
    """Customers that are not known as deleted, and subscriptions that are not known as ended."""
    for subject in table.rows:
        row, _ = table.get(subject)
        if row is None or (row.facts.profile and row.facts.profile.deleted):
            continue
        customer = subject.rpartition("/")[2]
        if customer not in listed:
            yield Suspect(kind="customer", id=customer)
        for sub in row.facts.current:
            if sub.ended_at is None and sub.id not in listed:
                yield Suspect(kind="subscription", id=sub.id)
