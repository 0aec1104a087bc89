"""Whether the data can be trusted: one sentence with its reasons; pure.

What could not be looked at is never taken for good: then nobody knows, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.queries.words import moment_words, scope_words
from console.read_model.records import seconds
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
    """Something that was looked at: fine, not fine (`NOT_FULLY`), or not known.

    Where something can be done, it is on a page of the console, by a command in a terminal, or
    either.
    """

    answer: Answer
    words: str
    page: str | None = None
    command: str | None = None


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
        words = f"Kafka could not be asked ({found.kafka_fault.rstrip('.')})"
        yield _unknown(words, command="subfold doctor")
    yield _lag("the workers", "the log", found.worker_lag_s, command="subfold worker")
    yield _lag("these pages", "the topics", found.console_lag_s)
    yield _letters(found.open_letters)
    if found.unreadable:
        yield _wrong(f"{_count(found.unreadable, 'record')} could not be shown on these pages")
    yield _list("the records of the log", "add up", found.mismatches, command="subfold replay")
    yield _list("the topics", "are as they must be", found.faults, command="subfold doctor")
    if not found.sources:
        yield _unknown("no account was back-filled or compared with Stripe yet", page="/connect")
    for each in found.sources:
        yield from _of_source(each)


def _lag(who: str, what: str, lag_s: int | None, *, command: str | None = None) -> Reason:
    if lag_s is None:
        return _unknown(f"how far {who} are behind {what} is not known yet")
    if lag_s > LAG_MAX_S:
        return _wrong(f"{who} are {_span(lag_s)} behind {what}", command=command)
    return _fine(f"{who} have read {what}")


def _letters(count: int) -> Reason:
    if count:
        words = f"{_count(count, 'dead letter')} could not be taken in and wait for somebody"
        if count == 1:
            words = "1 dead letter could not be taken in and waits for somebody"
        return _wrong(words, page="/health#letters")
    return _fine("no dead letter is open")


def _list(what: str, fine: str, found: Sequence[str] | None, *, command: str) -> Reason:
    if found is None:
        return _unknown(f"whether {what} {fine} was not checked yet")
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return _wrong(f"not all of {what} {fine}: {found[0]}{more}", command=command)
    return _fine(f"{what} {fine}")


def _of_source(each: SourceStatus) -> Iterator[Reason]:
    name, source = scope_words(each.account), each.account.partition("/")[0]
    connect = f"/connect#source-{source}"
    fill, catch_up = f"subfold backfill --source {source}", f"subfold catch-up --source {source}"
    check = f"subfold reconcile --source {source}"
    if each.backfill_percent is None:
        words = f"{name} was never back-filled, so what was there before is missing"
        yield _wrong(words, page=connect, command=fill)
    elif each.backfill_percent < WHOLE:
        words = f"the back-fill of {name} is at {each.backfill_percent} %"
        yield _wrong(words, page=connect, command=fill)
    else:
        yield _fine(f"{name} is back-filled")
    if each.is_gap_open:
        words = f"{name} has a gap that a back-fill has to heal"
        yield _wrong(words, page=connect, command=fill)
    if each.failing_since:
        since = moment_words(seconds(each.failing_since))
        words = f"{name} could not be caught up since {since}: {each.failure}"
        yield _wrong(words, page=connect, command=catch_up)
    if each.caught_up_until is None:
        words = f"{name} was never caught up with Stripe's list of events"
        yield _unknown(words, command=f"{catch_up} --follow")
    if each.is_last_check_broken:
        words = f"the last comparison of {name} with Stripe broke off"
        yield _unknown(words, command=check)
    if each.drift_open:
        words = f"{_count(each.drift_open, 'customer')} of {name} differed from Stripe"
        yield _wrong(words, command=check)
    yield _checked(name, each.oldest_unverified_age_s, command=check)


def _checked(name: str, age_s: int | None, *, command: str) -> Reason:
    if age_s is None:
        return _unknown(f"{name} was never compared with Stripe", command=command)
    words = f"{name} was compared with Stripe {_span(age_s)} ago"
    return _unknown(words, command=command) if age_s > CHECK_MAX_AGE_S else _fine(words)


def _span(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return _count(seconds // length, unit)
    return _count(seconds, "second")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _fine(words: str) -> Reason:
    return Reason(answer=Answer.YES, words=words)


def _wrong(words: str, *, page: str | None = None, command: str | None = None) -> Reason:
    return Reason(answer=Answer.NOT_FULLY, words=words, page=page, command=command)


def _unknown(words: str, *, page: str | None = None, command: str | None = None) -> Reason:
    return Reason(answer=Answer.UNKNOWN, words=words, page=page, command=command)
