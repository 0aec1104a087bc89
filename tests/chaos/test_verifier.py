"""Given a run that kept every promise, and what could be wrong with it: the verifier says so."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import islice

import orjson
import pytest

from fetched import Fetched, headers
from ledger import judge_money, truth_of
from load import Load
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, MRR, STAGES
from streams.worker.batch import Folded, fold_batch
from streams.worker.marker import MARKER_KEY, Marker, encode_marker
from streams.worker.partition import Partition
from streams.worker.walk import _walked
from verifier import SEEN_BY_READERS, TOLD, Seen, Word, judge, summary

EVENTS = 200
CUT = 120
"""Where the last transaction but one ends."""


def log_of(count: int) -> list[Fetched]:
    bodies = list(islice(Load(seed=1, customers=7).bodies(), count))
    return [
        Fetched(
            partition=0,
            offset=offset,
            key=f"main/-/{'live' if body['livemode'] else 'test'}/{customer}".encode(),
            value=orjson.dumps(body),
            headers=headers(event_id=body["id"]),
        )
        for offset, body in enumerate(map(orjson.loads, bodies))
        for customer in [body["data"]["object"]["customer"]]
    ]


def sound(log: list[Fetched], *cuts: int, walks: bool = True) -> Seen:
    """What a worker without a fault would have left, in transactions that end at these offsets.

    After them it walks over the rows of older settings.
    """
    topics = {topic: [[]] for topic in [*TOLD, *SEEN_BY_READERS]}
    changelog: list[Fetched] = []
    partition = Partition(number=0, table={}, producer=None)  # type: ignore[arg-type] # nothing is sent

    def commit(done: Folded, marker: Marker) -> None:
        partition.committed(
            rows=done.rows,
            stored=done.stored,
            marker=marker,
            settings=done.settings,
            clocks=done.clocks,
        )
        changelog.extend(Fetched(key=key, value=row) for key, row in done.stored.items())
        changelog.append(Fetched(key=MARKER_KEY, value=encode_marker(marker)))
        for out in done.outputs:
            record = Fetched(partition=0, key=out.key, value=out.value, headers=tuple(out.headers))
            topics[out.topic][0].append(record)

    for begin, end in zip((0, *cuts), (*cuts, len(log)), strict=True):
        done = fold_batch(log[begin:end], partition, partition.settings)
        after = partition.marker.after(
            next_offset=end, settings_version=0, fates=done.fates, bad=""
        )
        commit(done, after)
    older = partition.timers.take_older(len(partition.timers.older)) if walks else []
    rows = {key: stored for key in older if (stored := partition.stored(key))}
    commit(_walked(rows, partition), partition.marker)
    bodies = [record.value or b"" for record in log]
    return Seen(
        log=[log], topics=topics, changelog=[changelog], group={0: len(log)}, acknowledged=bodies
    )


@pytest.fixture(scope="module")
def log() -> list[Fetched]:
    return log_of(EVENTS)


@pytest.fixture(scope="module")
def kept(log) -> Seen:
    return sound(log, CUT)


@pytest.fixture
def seen(kept) -> Seen:
    return deepcopy(kept)


def words(seen: Seen) -> set[Word]:
    return {each.word for each in judge(seen)}


def test_nothing_is_said_of_a_run_without_a_fault(seen):
    assert [*judge(seen), *judge_money(seen)] == []
    assert summary([]) == "nothing"
    assert len(seen.topics[DEAD_LETTERS][0]) > 1
    assert len(seen.topics[STAGES][0]) > 20


def lose_an_update(seen: Seen) -> None:
    del seen.topics[MRR][0][9]


def lose_a_dead_letter(seen: Seen) -> None:
    del seen.topics[DEAD_LETTERS][0][0]


def lose_an_acknowledged_event(seen: Seen) -> None:
    seen.acknowledged = [*seen.acknowledged, b"told that it is stored"]


def lose_a_row(seen: Seen) -> None:
    key = seen.changelog[0][0].key
    seen.changelog[0][:] = [each for each in seen.changelog[0] if each.key != key]


def repeat_an_update(seen: Seen) -> None:
    seen.topics[STAGES][0].append(seen.topics[STAGES][0][3])


def repeat_a_dead_letter(seen: Seen) -> None:
    seen.topics[DEAD_LETTERS][0].append(seen.topics[DEAD_LETTERS][0][0])


def repeat_an_update_otherwise(seen: Seen) -> None:
    part = seen.topics[MRR][0]
    part.append(replace(part[3], value=(part[3].value or b"").replace(b"expansion", b"churn")))
    part.append(replace(part[4], headers=(*part[4].headers, ("x", b"1"))))


def overwrite_a_row_with_an_older_one(seen: Seen) -> None:
    for part in (seen.changelog[0], seen.topics[CUSTOMERS][0]):
        last = {each.key: each for each in part}
        first = next(each for each in part if each.key in last and last[each.key] != each)
        part.append(first)


def tell_from_an_older_row(seen: Seen) -> None:
    part = seen.topics[STAGES][0]
    value = orjson.loads(part[-1].value or b"{}")
    part[-1] = replace(part[-1], value=orjson.dumps(value | {"previous": "Nowhere"}))


def swap_two_updates_of_one_customer(seen: Seen) -> None:
    part = seen.topics[MRR][0]
    other = next(at for at in range(1, len(part)) if part[at].key == part[0].key)
    part[0], part[other] = part[other], part[0]


def set_a_marker_back(seen: Seen) -> None:
    markers = [each for each in seen.changelog[0] if each.key == MARKER_KEY]
    seen.changelog[0] += [markers[0], markers[-1]]


def show_what_was_aborted(seen: Seen) -> None:
    part = seen.topics[MRR][0]
    ghost = tuple(
        (name, b"made by none" if name == "ce_id" else word) for name, word in part[5].headers
    )
    part.append(replace(part[5], headers=ghost))


def show_a_row_that_was_aborted(seen: Seen) -> None:
    seen.topics[CUSTOMERS][0].append(Fetched(partition=0, key=b"main/-/live/cus_x", value=b"{}"))


def move_the_group(seen: Seen) -> None:
    seen.group = {0: 7}


def miscount(seen: Seen) -> None:
    end = len(seen.log[0])
    wrong = Marker(next_offset=end, counts={"folded": end, "accepted": end})
    seen.changelog[0].append(Fetched(key=MARKER_KEY, value=encode_marker(wrong)))


PLANTED = [
    (lose_an_update, Word.LOST),
    (lose_a_dead_letter, Word.LOST),
    (lose_an_acknowledged_event, Word.LOST),
    (lose_a_row, Word.LOST),
    (repeat_an_update, Word.DUPLICATE),
    (repeat_a_dead_letter, Word.DUPLICATE),
    (repeat_an_update_otherwise, Word.DIFFERENT),
    (overwrite_a_row_with_an_older_one, Word.STALE),
    (tell_from_an_older_row, Word.STALE),
    (swap_two_updates_of_one_customer, Word.NONMONOTONIC),
    (set_a_marker_back, Word.NONMONOTONIC),
    (show_what_was_aborted, Word.ABORTED),
    (show_a_row_that_was_aborted, Word.ABORTED),
    (move_the_group, Word.OFFSETS),
    (miscount, Word.OFFSETS),
]


@pytest.mark.parametrize(("plant", "word"), PLANTED)
def test_what_is_planted_is_found_and_called_by_its_name(
    seen, plant: Callable[[Seen], None], word: Word
):
    plant(seen)

    assert words(seen) == {word}


def test_a_torn_transaction_is_an_aborted_read(log, seen):
    """Its updates are there, its marker and rows are not."""
    torn = sound(log[:CUT])
    seen.changelog, seen.group = torn.changelog, torn.group

    assert {Word.ABORTED, Word.UNSEEN} <= words(seen)


def test_what_is_not_folded_yet_is_unseen_and_not_lost(log, seen):
    behind = sound(log[:CUT])
    behind.log = [log]

    assert words(behind) == {Word.UNSEEN}


def test_every_word_is_planted():
    assert {word for _, word in PLANTED} | {Word.UNSEEN} == set(Word)


@pytest.mark.parametrize(
    "plant",
    [lose_an_update, repeat_an_update, overwrite_a_row_with_an_older_one, tell_from_an_older_row],
)
def test_the_naive_ledger_finds_the_same_by_itself(seen, plant):
    plant(seen)

    assert judge_money(seen)


def test_the_ledger_goes_by_stripes_time_and_an_end_is_an_end():
    load = Load(seed=1, customers=1)
    life = [load.body(number) for number in range(5)]

    assert truth_of(reversed(life[:4])) == ("Customer", 1003)
    assert truth_of([life[4], life[0], *life]) == ("Churn", 0)
    assert truth_of([*life, load.body(5)]) == ("Trial", 0)


def test_the_load_is_the_same_for_one_seed():
    assert log_of(200) == log_of(200)
    assert log_of(1)[0].topic == LOG
