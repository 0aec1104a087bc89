from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from build import SUBJECT, customer, updated
from fetched import fetched
from streams.worker import agent
from streams.worker.agent import fold_fetched
from streams.worker.marker import Marker, decode_marker, encode_marker
from streams.worker.names import Names
from streams.worker.partition import Held, Partition
from streams.worker.transaction import FencedError, UnknownCommitError
from streams.worker.transport import Batch

KEY = SUBJECT.encode()
EPOCH = 3


class Exited(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def exits(monkeypatch):
    """Where the process would have ended, and what it would have said."""
    said = []

    def exit_now(code, **facts):
        said.append((int(code), facts))
        raise Exited

    monkeypatch.setattr(agent, "exit_now", exit_now)
    return said


@pytest.fixture
def written(monkeypatch):
    """The batches that were committed; an exception in the list is what the next commit raises."""
    batches = []

    async def commit(partition, folded, marker, names):
        if batches and isinstance(batches[-1], Exception):
            raise batches[-1]
        batches.append(folded)
        return 0

    monkeypatch.setattr(agent, "commit", commit)
    return batches


@pytest.fixture
def app():
    held = Held({})
    held.partitions[0] = Partition(
        number=0,
        table=held.table,
        producer=Producer(),
        epoch=EPOCH,
        alone_before=0,
        marker=Marker(next_offset=5),
    )
    held.is_ready = True
    with ThreadPoolExecutor(max_workers=1) as folding:
        yield SimpleNamespace(
            held=held,
            folding=folding,
            names=Names(prefix="", application="subfold"),
            dead_letters_max=100,
            add_future=lambda coroutine: coroutine.close(),
        )


class Producer:
    async def stop(self) -> None: ...


def batch(first: int, count: int = 2, *, after: int | None = None, epoch: int = EPOCH) -> Batch:
    records = [fetched(updated(customer()), first + number) for number in range(count)]
    return Batch(epoch=epoch, after=first if after is None else after, records=records)


async def test_a_batch_moves_the_partition_on_once_it_is_committed(app, exits, written):
    await fold_fetched(app, 0, batch(5))

    partition = app.held.partitions[0]
    assert partition.marker.next_offset == 7
    assert partition.stored(KEY) == written[0].stored[KEY]
    assert not exits


async def test_what_was_folded_before_is_left_out(app, exits, written):
    await fold_fetched(app, 0, batch(3, 4))

    assert [folded.fates.total() for folded in written] == [2]
    assert not exits


async def test_offsets_that_kafka_passed_over_are_no_gap(app, exits, written):
    await fold_fetched(app, 0, batch(9, after=5))

    assert app.held.partitions[0].marker.next_offset == 11
    assert not exits


async def test_a_batch_that_got_lost_on_the_way_ends_the_process(app, exits, written):
    with pytest.raises(Exited):
        await fold_fetched(app, 0, batch(6))

    assert exits == [(72, {"partition": 0, "expected": 5, "found": 6})]
    assert not written


@pytest.mark.parametrize(("number", "epoch"), [(0, EPOCH - 1), (1, EPOCH)])
async def test_what_was_fetched_before_the_partition_was_ours_is_dropped(
    app, exits, written, number, epoch
):
    await fold_fetched(app, number, batch(9, epoch=epoch))

    assert (exits, written) == ([], [])


async def test_a_fenced_partition_is_let_go_with_its_rows(app, exits, written):
    await fold_fetched(app, 0, batch(5))
    written.append(FencedError())
    await fold_fetched(app, 0, batch(7))

    assert (app.held.partitions, app.held.table) == ({}, {})
    assert not app.held.is_ready
    assert not exits


async def test_a_commit_of_unknown_outcome_ends_the_process_and_changes_nothing(
    app, exits, written
):
    written.append(UnknownCommitError("RequestTimedOutError"))
    with pytest.raises(Exited):
        await fold_fetched(app, 0, batch(5))

    assert exits == [(73, {"partition": 0, "error": "RequestTimedOutError", "at": "commit"})]
    assert app.held.partitions[0].marker.next_offset == 5
    assert app.held.table == {}


async def test_a_row_of_a_newer_release_ends_the_process(app, exits, written):
    app.held.table[app.held.partitions[0].place(KEY)] = b'{"schema_version": 99, "row": {}}'
    app.held.partitions[0].keys.add(KEY)
    with pytest.raises(Exited):
        await fold_fetched(app, 0, batch(5))

    ((code, facts),) = exits
    assert code == 74
    assert "newer release" in facts["hint"]


async def test_a_bug_ends_the_process_and_its_words_are_not_told(app, exits, written):
    written.append(RuntimeError("ana@example.com"))
    with pytest.raises(Exited):
        await fold_fetched(app, 0, batch(5))

    ((code, facts),) = exits
    assert (code, facts["error"]) == (70, "RuntimeError")
    assert "ana@example.com" not in str(facts)


def bad_batch(first: int, count: int) -> Batch:
    records = [fetched({"object": "event", "type": 7}, first + number) for number in range(count)]
    return Batch(epoch=EPOCH, after=first, records=records)


async def test_when_most_records_are_bad_the_process_ends_and_nothing_is_buried(
    app, exits, written
):
    with pytest.raises(Exited):
        await fold_fetched(app, 0, bad_batch(5, 101))

    ((code, facts),) = exits
    assert (code, facts["partition"], facts["dead_letters"]) == (75, 0, 101)
    assert facts["reasons"] == {"not_an_event": 101}
    assert not written


async def test_bad_records_of_several_batches_add_up_also_after_a_restart(app, exits, written):
    for first in (5, 55):
        await fold_fetched(app, 0, bad_batch(first, 50))
    partition = app.held.partitions[0]
    partition.marker = decode_marker(encode_marker(partition.marker))
    with pytest.raises(Exited):
        await fold_fetched(app, 0, bad_batch(105, 1))

    assert [code for code, _ in exits] == [75]
    assert len(written) == 2


async def test_without_a_limit_all_are_buried(app, exits, written):
    app.dead_letters_max = 200
    await fold_fetched(app, 0, bad_batch(5, 300))

    assert len(written[0].dead_letters) == 300
    assert not exits
