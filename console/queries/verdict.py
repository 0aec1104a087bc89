"""Whether the data can be trusted: one sentence with its reasons; pure.

What could not be looked at is never taken for good: then nobody knows, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from streams.source.status import SourceStatus

LAG_MAX_S = 60
CHECK_MAX_AGE_S = 2 * 86_400
"""Checks run every day."""
WHOLE = 100


class Answer(StrEnum):
    """Whether the data can be trusted."""

    YES = "yes"
    NOT_FULLY = "not_fully"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Something that was looked at: fine, not fine (`NOT_FULLY`), or not known."""

    answer: Answer
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The sentence, and everything that it rests on."""

    answer: Answer
    sentence: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found. None is what could not be looked at, or was not yet.

    Attributes:
        worker_lag_s, console_lag_s: Age of the oldest record that is not read; 0 for none.
        open_letters: Dead letters about which nothing was done.
        mismatches: What does not add up between log, rows and dead letters.
        faults: What is wrong with topics.
        kafka_fault: Why Kafka could not be asked.
        unreadable: Records that the read model could not show.
        sources: As their tasks have kept it.
    """

    worker_lag_s: int | None
    console_lag_s: int | None
    open_letters: int
    mismatches: Sequence[str] | None
    faults: Sequence[str] | None
    kafka_fault: str | None
    unreadable: int
    sources: Sequence[SourceStatus]


def verdict(found: Evidence) -> Verdict:
    """Weigh it."""
    reasons = tuple(_reasons(found))
    wrong = [each.words for each in reasons if each.answer is Answer.NOT_FULLY]
    unknown = [each.words for each in reasons if each.answer is Answer.UNKNOWN]
    if wrong:
        answer, sentence = Answer.NOT_FULLY, f"Not fully: {'; '.join(wrong)}."
    elif unknown:
        answer, sentence = Answer.UNKNOWN, f"Nobody can say: {'; '.join(unknown)}."
    else:
        answer = Answer.YES
        sentence = (
            "Yes: every record is accounted for, all are read, and every account was as Stripe "
            "says when it was checked last."
        )
    return Verdict(answer=answer, sentence=sentence, reasons=reasons)


def _reasons(found: Evidence) -> Iterator[Reason]:
    if found.kafka_fault:
        yield _unknown(f"Kafka could not be asked ({found.kafka_fault.rstrip('.')})")
    yield _lag("the workers", "the log", found.worker_lag_s)
    yield _lag("these pages", "the topics", found.console_lag_s)
    yield _letters(found.open_letters)
    if found.unreadable:
        yield _wrong(f"{_count(found.unreadable, 'record')} could not be shown on these pages")
    yield _list("the records of the log", "add up", found.mismatches)
    yield _list("the topics", "are as they must be", found.faults)
    if not found.sources:
        yield _unknown("no account was back-filled or compared with Stripe yet")
    for each in found.sources:
        yield from _of_source(each)


def _lag(who: str, what: str, lag_s: int | None) -> Reason:
    if lag_s is None:
        return _unknown(f"how far {who} are behind {what} is not known yet")
    if lag_s > LAG_MAX_S:
        return _wrong(f"{who} are {_span(lag_s)} behind {what}")
    return _fine(f"{who} have read {what}")


def _letters(count: int) -> Reason:
    if count:
        return _wrong(f"{_count(count, 'dead letter')} could not be folded and wait for somebody")
    return _fine("no dead letter is open")


def _list(what: str, fine: str, found: Sequence[str] | None) -> Reason:
    if found is None:
        return _unknown(f"whether {what} {fine} was not checked yet")
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return _wrong(f"{what} do not: {found[0]}{more}")
    return _fine(f"{what} {fine}")


def _of_source(each: SourceStatus) -> Iterator[Reason]:
    name = each.account
    if each.backfill_percent is None:
        yield _wrong(f"{name} was never back-filled, so what was there before is missing")
    elif each.backfill_percent < WHOLE:
        yield _wrong(f"the back-fill of {name} is at {each.backfill_percent} %")
    else:
        yield _fine(f"{name} is back-filled")
    if each.is_gap_open:
        yield _wrong(f"{name} has a gap that a back-fill has to heal")
    if each.failing_since:
        yield _wrong(f"{name} could not be caught up since {each.failing_since}: {each.failure}")
    if each.caught_up_until is None:
        yield _unknown(f"{name} was never caught up with Stripe's list of events")
    if each.is_last_check_broken:
        yield _unknown(f"the last comparison of {name} with Stripe broke off")
    if each.drift_open:
        yield _wrong(f"{_count(each.drift_open, 'customer')} of {name} differed from Stripe")
    yield _checked(each)


def _checked(each: SourceStatus) -> Reason:
    age_s = each.oldest_unverified_age_s
    if age_s is None:
        return _unknown(f"{each.account} was never compared with Stripe")
    if age_s > CHECK_MAX_AGE_S:
        return _unknown(f"{each.account} was compared with Stripe {_span(age_s)} ago")
    return _fine(f"{each.account} was compared with Stripe {_span(age_s)} ago")


def _span(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return _count(seconds // length, unit)
    return _count(seconds, "second")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _fine(words: str) -> Reason:
    return Reason(answer=Answer.YES, words=words)


def _wrong(words: str) -> Reason:
    return Reason(answer=Answer.NOT_FULLY, words=words)


def _unknown(words: str) -> Reason:
    return Reason(answer=Answer.UNKNOWN, words=words)
