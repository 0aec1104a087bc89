"""Given a log with ticks and newer settings, and what a sound worker makes of it: what is planted
is found, by the verifier or, where the log itself lacks a tick, by the judge of moments alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from build import START
from chaos import STAGES
from fetched import Fetched, headers, settings_record
from ledger import judge_money
from moments import HOUR_S, RULES, TRIGGERS, Moments, judge_moments
from schemas.records import Kind, tick_id
from schemas.settings import BusinessSettings
from streams.log import topics
from test_verifier import sound
from verifier import Seen, Word, judge

MOMENTS = Moments(seen_s=START, begins_s=START + 10, lasts_s=40, count=8)
END_S = MOMENTS.last_due_s


def settings(version: int, name: str) -> Fetched:
    content = BusinessSettings.model_validate(tomllib.loads(STAGES.format(name=name) + RULES))
    record = settings_record(version, content)
    value = orjson.loads(record.value or b"") | {"announce": "now"}
    return replace(record, value=orjson.dumps(value))


def event(body: bytes) -> Fetched:
    said = orjson.loads(body)
    key = f"main/-/live/{said['data']['object']['customer']}".encode()
    return Fetched(key=key, value=body, headers=headers(event_id=said["id"]))


def tick(of: Fetched) -> Fetched:
    """What the clock writes when the reminder of this event is due."""
    thing = orjson.loads(of.value or b"")["data"]["object"]
    due_at = thing["items"]["data"][0]["current_period_end"] - HOUR_S
    subject = (of.key or b"").decode()
    return Fetched(
        key=of.key,
        value=orjson.dumps({"due_at": due_at}),
        headers=headers(Kind.TICK, tick_id(subject, due_at)),
    )


def log_of() -> list[Fetched]:
    """Dates, what is due by them, then those that move, what is due by these, and a new name."""
    events = [event(body) for body in MOMENTS.bodies()]
    seen = [each for each in events if b"evt_seen" in (each.value or b"")]
    moved = [each for each in events if each not in seen]
    parts = [*seen, *map(tick, seen), *moved, *map(tick, moved)]
    return numbered([settings(1, "Customer"), *parts, settings(2, "Paying")])


def numbered(log: list[Fetched]) -> list[Fetched]:
    return [replace(each, partition=0, offset=offset) for offset, each in enumerate(log)]


def words(seen: Seen) -> set[Word]:
    return {each.word for each in [*judge(seen), *judge_money(seen)]}


def moments(seen: Seen, now_s: float = END_S) -> set[Word]:
    return {each.word for each in judge_moments(seen, now_s)}


def first(seen: Seen, topic: str, what: bytes) -> int:
    part = seen.topics[topic][0]
    return next(at for at, each in enumerate(part) if what in (each.value or b""))


@pytest.fixture
def seen() -> Seen:
    return sound(log_of(), 9, 15)


def test_nothing_is_said_of_a_run_without_a_fault(seen):
    told = [dict(each.headers)["ce_type"] for each in seen.topics[TRIGGERS][0]]

    assert (words(seen), moments(seen)) == (set(), set())
    assert told.count(b"automation.triggered") == MOMENTS.count + 2
    assert told.count(b"automation.superseded") == 2


def test_a_tick_that_was_never_written_is_missed_by_the_judge_of_moments_alone():
    log = log_of()
    ticks = [each for each in log if ("kind", b"tick") in each.headers]
    latest = max(ticks, key=lambda each: orjson.loads(each.value or b"")["due_at"])
    seen = sound(numbered([each for each in log if each is not latest]))

    assert (words(seen), moments(seen)) == (set(), {Word.LOST})


def test_a_moment_before_its_time_is_noticed(seen):
    assert moments(seen, START) == {Word.ABORTED}


def test_a_walk_that_left_rows_is_noticed():
    assert {Word.LOST, Word.STALE} <= words(sound(log_of(), walks=False))


def lose_a_trigger(seen: Seen) -> None:
    del seen.topics[TRIGGERS][0][first(seen, TRIGGERS, b'"key":"renewal/sub_due_7')]


def lose_that_one_holds_no_more(seen: Seen) -> None:
    del seen.topics[TRIGGERS][0][first(seen, TRIGGERS, b'"trigger":')]


def repeat_a_trigger(seen: Seen) -> None:
    seen.topics[TRIGGERS][0].append(seen.topics[TRIGGERS][0][0])


@pytest.mark.parametrize(
    ("plant", "word"),
    [
        (lose_a_trigger, Word.LOST),
        (lose_that_one_holds_no_more, Word.LOST),
        (repeat_a_trigger, Word.DUPLICATE),
    ],
)
def test_a_moment_that_is_lost_or_told_twice_is_noticed_by_both(
    seen, plant: Callable[[Seen], None], word: Word
):
    plant(seen)

    assert word in words(seen)
    assert moments(seen) == {word}


def test_what_a_walk_told_is_missed_and_noticed_when_it_is_told_twice(seen):
    part = seen.topics[topics.STAGES][0]
    at = first(seen, topics.STAGES, b'"origin":"settings"')
    part.append(part[at])
    assert Word.DUPLICATE in words(seen)

    del part[-1], part[at]
    assert words(seen) == {Word.LOST}
    assert judge_money(seen)
