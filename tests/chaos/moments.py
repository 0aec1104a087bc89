"""Moments that come while everything is killed, and a judge of them that is naive on purpose.

Trials that end and renewals that come, each with a reminder an hour before, and each a few seconds
later than the one before; every fifth date is moved. No event comes for these customers when they
are due: only the clock's ticks tell. The judge shares no code with the product: it knows what
`Moments` makes, and the real time.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import orjson

from build import MONTH_S, item, subscription, updated
from verifier import Anomaly, Seen, Word

HOUR_S = 3_600
MOVED_EVERY = 5
MOVED_S = 4
TRIGGERS = "automation.triggers.v1"
RULES = """
[[automations]]
name = "trial"
on = "trial_ending"
before = "1h"

[[automations]]
name = "renewal"
on = "renewal_upcoming"
before = "1h"

[[automations]]
name = "converted"
on = "trial_converted"

[[automations]]
name = "canceled"
on = "subscription_canceled"
"""


@dataclass(frozen=True, kw_only=True)
class Moments:
    """`count` moments of a third as many customers, evenly from `begins_s` on for `lasts_s`.

    Times are Unix times; subscriptions are first seen at `seen_s`.
    """

    seen_s: int
    begins_s: int
    lasts_s: int
    count: int

    @property
    def last_due_s(self) -> int:
        """When the last one is due."""
        return self.begins_s + self.lasts_s + MOVED_S

    def bodies(self) -> Iterator[bytes]:
        """All events, in the order in which they are posted."""
        for number in range(self.count):
            due_s = self.begins_s + number * self.lasts_s // self.count
            yield self._body(number, due_s, "seen")
            if number % MOVED_EVERY == 0:
                yield self._body(number, due_s + MOVED_S, "moved")

    def _body(self, number: int, due_s: int, what: str) -> bytes:
        """Say how the subscription is: its date is an hour after the moment is due."""
        date, is_trial = due_s + HOUR_S, number % 2 == 0
        thing = subscription(
            f"sub_due_{number}",
            "trialing" if is_trial else "active",
            customer=f"cus_due_{number % max(1, self.count // 3)}",
            created=self.seen_s - MONTH_S,
            trial_end=date if is_trial else None,
            items=[item(current_period_end=date)],
        )
        at = self.seen_s + (what == "moved")
        return orjson.dumps(updated(thing, at=at, id=f"evt_{what}_{number}"))


def judge_moments(seen: Seen, now_s: float) -> list[Anomaly]:
    """Moments of `Moments` that were due by `now_s` and are not told exactly once."""
    return list(_judge_moments(seen, now_s))


def _judge_moments(seen: Seen, now_s: float) -> Iterator[Anomaly]:
    told = defaultdict(Counter)
    for record in chain.from_iterable(seen.topics[TRIGGERS]):
        value, kind = json.loads(record.value), dict(record.headers)["ce_type"].decode()
        told[value["key"]][kind.removeprefix("automation.")] += 1
    for name, dates in _dates(seen).items():
        for date in dates:
            counts = told[f"{name}/1h/{date}"]
            acted = counts["triggered"] + counts["skipped"]
            if max(counts.values(), default=0) > 1 or acted > 1:
                yield Anomaly(Word.DUPLICATE, TRIGGERS, f"{name} {date}: {dict(counts)}")
            elif date != dates[-1] and counts["triggered"] > counts["superseded"]:
                yield Anomaly(Word.LOST, TRIGGERS, f"{name} {date} moved, and nobody was told")
            elif date == dates[-1] and not acted and date - HOUR_S <= now_s:
                yield Anomaly(Word.LOST, TRIGGERS, f"{name} {date} has come, and was not told")
            elif acted and date - HOUR_S > now_s:
                yield Anomaly(Word.ABORTED, TRIGGERS, f"{name} {date} was told before its time")


def _dates(seen: Seen) -> dict[str, list[int]]:
    """Rule and subscription, and the dates that were said of it; the last counts."""
    said = defaultdict(set)
    for record in chain.from_iterable(seen.log):
        if dict(record.headers)["kind"] != b"webhook":
            continue
        body = json.loads(record.value)
        thing = body["data"]["object"]
        if thing["id"].startswith("sub_due_"):
            rule = "trial" if thing["status"] == "trialing" else "renewal"
            end = thing["items"]["data"][0]["current_period_end"]
            said[f"{rule}/{thing['id']}"].add((body["created"], end))
    return {name: [end for _, end in sorted(dates)] for name, dates in said.items()}
