"""given(...).when(...): fold some events, then look at what one more does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from build import record
from schemas.customer_row import CustomerRow
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import Update
from streams.customer_row import customer_row
from streams.pipeline import Outcome, Step, step


@dataclass
class Seen:
    """What the last record did, and the row as readers see it after it."""

    done: Step
    row: Row | None
    settings: SettingsInForce

    @property
    def updates(self) -> list[Update]:
        return [envelope.data for envelope in self.done.updates]

    def told(self, type_: type[Update]) -> list[Any]:
        return [update for update in self.updates if isinstance(update, type_)]

    @property
    def outcome(self) -> Outcome:
        return self.done.outcome

    @property
    def state(self) -> CustomerRow:
        assert self.row is not None
        return customer_row(self.row, self.settings)


@dataclass
class Given:
    settings: SettingsInForce
    row: Row | None = None
    count: int = 0

    def when(self, *bodies: Any, **more: Any) -> Seen:
        done = None
        for body in bodies:
            done = step(self.row, record(body, self.count, **more), self.settings)
            self.count += 1
            self.row = done.row or self.row
        assert done is not None
        return Seen(done, self.row, self.settings)


def given(*bodies: Any, settings: BusinessSettings | None = None) -> Given:
    start = Given(SettingsInForce(version=1, content=settings or BusinessSettings()))
    if bodies:
        start.when(*bodies)
    return start
