"""Whether the clock's tick or the next event is first in the log makes no difference."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest

from schemas.records import TICK, Kind, LogRecord, tick_id
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from simulation.simulate import simulate
from streams.pipeline import Outcome, step

KEY = "main/-/live/"
RULES = BusinessSettings.model_validate(
    {
        "automations": [
            {"name": "renewal", "on": "renewal_upcoming", "before": ["30d", "7d", "12h"]},
            {"name": "trial", "on": "trial_ending", "before": "3d"},
            {"name": "discount", "on": "discount_ending", "before": "7d"},
            {"name": "card", "on": "payment_method_expiring", "before": "30d"},
            {"name": "silent", "on": "inactive_since", "stage": "Customer", "after": "20d"},
            {"name": "lost", "on": "customer_lost", "grace": "2d"},
            {"name": "gone", "on": "subscription_canceled"},
        ]
    }
)
SETTINGS = SettingsInForce(version=1, content=RULES)


def webhook(event) -> LogRecord:
    thing = event["data"]["object"]
    customer = thing["id"] if thing["object"] == "customer" else thing.get("customer")
    return LogRecord(
        key=KEY + (customer or "-"),
        kind=Kind.WEBHOOK,
        source="main",
        event_id=event["id"],
        event_type=event["type"],
        value=orjson.dumps(event),
        partition=0,
        offset=0,
        timestamp_ms=0,
    )


def tick(key: str, due_at: int) -> LogRecord:
    return LogRecord(
        key=key,
        kind=Kind.TICK,
        source="main",
        event_id=tick_id(key, due_at),
        event_type=TICK,
        value=orjson.dumps({"due_at": due_at}),
        partition=0,
        offset=0,
        timestamp_ms=due_at * 1000,
    )


class Run:
    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.told = Counter()
        self.causes = Counter()

    def take(self, record: LogRecord) -> Outcome:
        done = step(self.rows.get(record.key), record, SETTINGS)
        self.told.update(each.id for each in done.updates)
        self.causes.update(each.data.cause.kind for each in done.updates)
        if done.row:
            self.rows[record.key] = done.row
        return done.outcome

    def tick(self, key: str, until: int, chance: random.Random) -> None:
        """Write some of the ticks that are due by then, some of them twice."""
        while key in self.rows and (due := self.rows[key].due_at) is not None and due <= until:
            if chance.random() < 0.4:
                return
            assert self.take(tick(key, due)) is Outcome.FOLDED
            if chance.random() < 0.3:
                assert self.take(tick(key, due)) is Outcome.DUPLICATE


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_shuffled", [False, True])
def test_rows_and_updates_are_the_same_with_and_without_ticks(seed, is_shuffled):
    chance = random.Random(seed)  # noqa: S311 - repeatable
    year = list(simulate(seed=seed, customers=25))
    if is_shuffled:
        chance.shuffle(year)
    without, among = Run(), Run()
    for record in map(webhook, year):
        without.take(record)
        among.tick(record.key, orjson.loads(record.value)["created"], chance)
        among.take(record)

    assert without.rows == among.rows
    assert without.told == among.told
    assert without.causes == among.causes
    assert without.causes["tick"] > 0
    assert set(without.told.values()) == {1}


def test_settings_that_change_between_make_no_tick_come_twice():
    year = [webhook(event) for event in simulate(seed=9, customers=10)]
    newer = SETTINGS.followed_by(2, RULES, at=0)
    rows, told = {}, Counter()
    for number, record in enumerate(year):
        settings = SETTINGS if number < len(year) // 2 else newer
        done = step(rows.get(record.key), record, settings)
        told.update(each.id for each in done.updates if each.type.startswith("automation"))
        rows[record.key] = done.row or rows.get(record.key)

    assert told
    assert set(told.values()) == {1}
