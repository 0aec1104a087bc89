"""Automations tried out on history: what they would have told, had they always read so.

A fold of log records for some customers, by the pure path of the worker. The other settings are
those in force, not those of each record's time, and no moment is held back for being older than
its rule.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import chain
from typing import NamedTuple

from console.queries.periods import DAY_S, day_name
from console.queries.sentences import sentence
from schemas.automations import Automation
from schemas.errors import BadRecordError
from schemas.records import Kind, LogRecord, Subject
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationSuperseded, AutomationTriggered, Envelope
from streams.clocks import NO_CLOCKS, Clocks
from streams.pipeline import step
from streams.reading import read_clock, tick_record

MOMENTS_MAX = 500
"""Moments of each rule that are listed one by one, the newest; the others are counted alone."""
DIGEST_BITS = 64


class Sample(NamedTuple):
    """Partitions that are read, of so many, and the share of their customers that is folded.

    Customers are spread over partitions by a hash of their key, and chosen within by another one:
    neither has to do with what happens to them.
    """

    partitions: int
    of: int
    share: Fraction

    def has(self, subject: str) -> bool:
        """Whether a customer is in it."""
        digest = int.from_bytes(hashlib.sha256(subject.encode()).digest()[: DIGEST_BITS // 8])
        return bool(digest < self.share * 2**DIGEST_BITS)


def sample_of(customers: int, *, wanted: int, partitions: int) -> Sample:
    """Choose about so many of all customers, and read no more partitions than that takes."""
    if customers <= wanted:
        return Sample(partitions, partitions, Fraction(1))
    read = -(-partitions * wanted // customers)
    return Sample(
        read, partitions, min(Fraction(wanted * partitions, customers * read), Fraction(1))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedMoment:
    """A moment that would have come; `at` and `due_at` are ISO 8601."""

    at: str
    subject: str
    customer: str
    automation: str
    what: str
    subscription: str | None
    due_at: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRule:
    """What became of one rule's moments; `skipped` is by the reason, the most frequent first."""

    name: str
    sentence: str
    triggered: int
    skipped: Mapping[str, int]
    superseded: int
    customers: int

    @property
    def moments(self) -> int:
        """How many came, whatever became of them."""
        return self.triggered + sum(self.skipped.values()) + self.superseded


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedDay:
    """How many moments would have come on a UTC day."""

    day: str
    triggered: int
    skipped: int
    superseded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came out, over the days from `first_day`; `moments` has the newest first."""

    livemode: bool
    first_day: str
    last_day: str
    customers: int
    customers_total: int
    records: int
    rules: tuple[TriedRule, ...]
    days: tuple[TriedDay, ...]
    moments: tuple[TriedMoment, ...]


class History:
    """Folds the records of a sample of customers, in their order, and notes the moments."""

    def __init__(
        self,
        automations: Sequence[Automation],
        content: BusinessSettings,
        *,
        sample: Sample,
        livemode: bool,
        days: int,
        now: int,
    ) -> None:
        changed = content.model_copy(update={"automations": tuple(automations)})
        self._settings = SettingsInForce(version=1, content=changed)
        self._sample, self._livemode = sample, livemode
        self._first_day, self._now = now // DAY_S - days + 1, now
        self._rows: dict[str, Row] = {}
        self._clocks: Clocks = NO_CLOCKS
        self._records = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._reasons: dict[str, Counter[str]] = {each.name: Counter() for each in automations}
        self._whose: dict[str, set[str]] = {each.name: set() for each in automations}
        self._by_day: Counter[tuple[str, str]] = Counter()
        self._moments: dict[str, list[tuple[str, str, int, TriedMoment]]] = defaultdict(list)

    def take(self, record: LogRecord) -> None:
        """Fold a record, if it is one of theirs."""
        if record.kind is Kind.BROADCAST:
            self._move_clock(record)
            return
        subject = Subject.parse(record.key)
        if subject is None or subject.livemode != self._livemode:
            return
        if not self._sample.has(record.key):
            return
        self._records += 1
        self._pass_time(record.key, record.timestamp_ms // 1000)
        self._fold(record)

    def finish(self, customers_total: int) -> Tried:
        """Let time pass to now for everybody, and say what came out."""
        for key in sorted(self._rows):
            self._pass_time(key, self._now)
        first, last = self._first_day, self._now // DAY_S
        newest = sorted(chain.from_iterable(self._moments.values()), reverse=True)
        return Tried(
            livemode=self._livemode,
            first_day=day_name(first),
            last_day=day_name(last),
            customers=len(self._rows),
            customers_total=customers_total,
            records=self._records,
            rules=tuple(map(self._rule, self._settings.content.automations)),
            days=tuple(self._day(day_name(day)) for day in range(first, last + 1)),
            moments=tuple(moment for *_, moment in newest),
        )

    def _pass_time(self, key: str, until: int) -> None:
        """Tick a customer whenever it is due, as the worker's clock would have by these rules.

        Those who live by a test clock are left to it.
        """
        row = self._rows.get(key)
        while row and not row.clock and row.due_at is not None and row.due_at <= until:
            due_at = row.due_at
            self._fold(tick_record(key, due_at, None))
            row = self._rows[key]
            if row.due_at == due_at:  # it could not be folded
                break

    def _move_clock(self, record: LogRecord) -> None:
        if self._livemode:
            return
        try:
            seen = read_clock(record)
        except BadRecordError:
            return  # it is a dead letter, and moved nobody
        if seen is not None:
            self._clocks = self._clocks.joined(seen)

    def _fold(self, record: LogRecord) -> None:
        done = step(self._rows.get(record.key), record, self._settings, self._clocks)
        if done.row is not None:
            self._rows[record.key] = done.row
        for update in done.updates:
            self._note(update)

    def _note(self, update: Envelope) -> None:
        data = update.data
        if not isinstance(data, AutomationTriggered | AutomationSkipped | AutomationSuperseded):
            return
        if data.effective_at < iso(self._first_day * DAY_S) or data.effective_at > iso(self._now):
            return
        what = data.TYPE.removeprefix("automation.")
        reason = None if isinstance(data, AutomationTriggered) else data.reason
        self._counts[data.automation, what] += 1
        self._by_day[data.effective_at[:10], what] += 1
        self._whose[data.automation].add(update.subject)
        if what == "skipped":
            self._reasons[data.automation][str(reason)] += 1
        moment = TriedMoment(
            at=data.effective_at,
            subject=update.subject,
            customer=data.customer,
            automation=data.automation,
            what=what,
            subscription=data.subscription,
            due_at=None if isinstance(data, AutomationSuperseded) else data.due_at,
            reason=reason,
        )
        listed = self._moments[data.automation]
        heappush(listed, (moment.at, moment.subject, self._counts.total(), moment))
        if len(listed) > MOMENTS_MAX:
            heappop(listed)

    def _rule(self, automation: Automation) -> TriedRule:
        name = automation.name
        return TriedRule(
            name=name,
            sentence=sentence(automation),
            triggered=self._counts[name, "triggered"],
            skipped=dict(self._reasons[name].most_common()),
            superseded=self._counts[name, "superseded"],
            customers=len(self._whose[name]),
        )

    def _day(self, day: str) -> TriedDay:
        return TriedDay(
            day=day,
            triggered=self._by_day[day, "triggered"],
            skipped=self._by_day[day, "skipped"],
            superseded=self._by_day[day, "superseded"],
        )
