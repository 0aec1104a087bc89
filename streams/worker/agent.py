"""The fold's loop: what was fetched of one partition after another, in transactions of its own.

It never raises: Faust would acknowledge the batch and go on. A record that cannot be folded is a
dead letter of its batch; for all else the process ends, and starts again from what is committed.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Sequence, Set
from typing import TYPE_CHECKING, NoReturn

import structlog
from faust.types import TP

from schemas.codec import NewerRowError
from streams import metrics
from streams.worker.batch import Folded, fold_batch, split
from streams.worker.dead_letters import FetchedRecord
from streams.worker.exits import Exit, exit_now
from streams.worker.limit import WINDOW, LookBack, look_back
from streams.worker.partition import Partition
from streams.worker.quarantine import forget_tries, note_start, note_try
from streams.worker.transaction import (
    FencedError,
    NotCommittedError,
    UnknownCommitError,
    commit,
)
from streams.worker.transport import Batch

if TYPE_CHECKING:
    from streams.worker.app import WorkerApp

FENCED_GRACE_S = 30
"""How long after it was fenced a worker waits for the rebalance that must be its cause."""

log = structlog.get_logger()


class _MostlyBadError(Exception):
    """Most of the last records are dead letters: see limit.py."""

    def __init__(self, looked: LookBack) -> None:
        super().__init__()
        self.looked = looked


async def fold_fetched(app: WorkerApp, number: int, batch: Batch) -> None:
    """Fold what was fetched of one partition; end the process rather than raise."""
    await guarded(app, number, _fold_fetched(app, number, batch))


async def guarded(app: WorkerApp, number: int, work: Awaitable[None]) -> None:
    """Let go of a partition that is another's now; for all else end the process."""
    try:
        await work
    except FencedError:
        _forget(app, number)
    except UnknownCommitError as error:
        exit_now(Exit.KAFKA, partition=number, error=str(error), at="commit")
    except _MostlyBadError as error:
        _stop(app.held.partitions[number], error.looked)
    except NewerRowError as error:
        exit_now(Exit.NEWER_ROW, partition=number, hint=str(error))
    except Exception as error:
        # Where it was, not what it said: that may hold values.
        where = "".join(traceback.format_tb(error.__traceback__))
        exit_now(Exit.BUG, partition=number, error=type(error).__name__, where=where)


async def _fold_fetched(app: WorkerApp, number: int, batch: Batch) -> None:
    partition = app.held.partitions.get(number)
    if partition is None or batch.epoch != partition.epoch:
        return  # fetched before the partition was ours: it is read again
    offset = partition.marker.next_offset
    if batch.after > offset:
        exit_now(Exit.GAP, partition=number, expected=offset, found=batch.after)
    records = [record for record in batch.take() if record.offset >= offset]
    if records and partition.alone_before is None:
        async with partition.lock:
            await note_start(partition, app.names)
    alone_before = partition.alone_before or 0
    for part in split(records, partition, alone_before=alone_before):
        async with partition.lock:
            is_alone = part[0].offset < alone_before
            crashes = await note_try(partition, app.names) if is_alone else frozenset()
            await _fold_watched(app, partition, part, crashes)


async def _fold_watched(
    app: WorkerApp, partition: Partition, records: Sequence[FetchedRecord], crashes: Set[int]
) -> None:
    """Fold, and where the process lives to tell what went wrong, blame no record for its end."""
    try:
        await _fold_part(app, partition, records, crashes)
    except NotCommittedError:
        await partition.producer.abort_transaction()
        await forget_tries(partition, app.names)
        raise
    except (FencedError, UnknownCommitError):
        raise
    except Exception:
        await forget_tries(partition, app.names)
        raise


async def _fold_part(
    app: WorkerApp, partition: Partition, records: Sequence[FetchedRecord], crashes: Set[int]
) -> None:
    # In a thread: the other partitions' commits and the health pages must not wait for it.
    started_s, folded = await asyncio.get_running_loop().run_in_executor(
        app.folding, _fold, records, partition, crashes
    )
    looked = look_back(partition.marker.bad, records, folded.dead_letters)
    if looked.most > app.dead_letters_max:
        raise _MostlyBadError(looked)
    marker = partition.marker.after(
        next_offset=folded.next_offset,
        settings_version=folded.settings.version,
        fates=folded.fates,
        bad=looked.bad,
    )
    read_to = await commit(partition, folded, marker, app.names)
    if app.held.partitions.get(partition.number) is not partition:
        raise FencedError  # lost in the moment of the commit: its rows are not ours to keep
    partition.committed(
        rows=folded.rows,
        stored=folded.stored,
        marker=marker,
        settings=folded.settings,
        clocks=folded.clocks,
    )
    partition.read_to = read_to
    _tell(partition, folded, time.monotonic() - started_s)


def _fold(
    records: Sequence[FetchedRecord], partition: Partition, crashes: Set[int]
) -> tuple[float, Folded]:
    started_s = time.monotonic()
    return started_s, fold_batch(records, partition, partition.settings, partition.clocks, crashes)


def _stop(partition: Partition, looked: LookBack) -> NoReturn:
    """Stop before the batch is committed: the next start meets the same records."""
    exit_now(
        Exit.MOSTLY_BAD,
        partition=partition.number,
        dead_letters=looked.most,
        of_records=WINDOW,
        reasons=dict(looked.reasons),
        after=partition.marker.next_offset,
        hint="this release may not understand what Stripe sends: start a newer one; or let them be "
        f"buried with [worker] dead_letters_max = {WINDOW}",
    )


def _tell(partition: Partition, folded: Folded, seconds: float) -> None:
    number = partition.number
    for fate, count in folded.counted.items():
        metrics.events.labels(fate.value).inc(count)
    for update_type, count in folded.updates.items():
        metrics.updates.labels(update_type).inc(count)
    for status, count in folded.unknown_statuses.items():
        metrics.unknown_statuses.inc(count)
        log.warning("unknown_status_seen", partition=number, status=status, count=count)
    metrics.transactions.inc()
    metrics.transaction_seconds.observe(seconds)
    metrics.rows.labels(number).set(len(partition.keys))
    metrics.position.labels(number).set(folded.next_offset)
    metrics.unaccounted.labels(number).set(partition.marker.unaccounted)
    metrics.lag_seconds.labels(number).set(max(0.0, time.time() - folded.newest_ms / 1000))
    for letter in folded.dead_letters:
        metrics.dead_letters.labels(letter.reason.value).inc()
        log.warning(
            "record_dead_lettered",
            partition=number,
            offset=letter.offset,
            reason=letter.reason.value,
        )


def _forget(app: WorkerApp, number: int) -> None:
    """Let go of a partition that another worker has now.

    Its rebalance is on the way to us. When none comes, it was the broker that gave a transaction
    up, and we are still the owner: then only a fresh start takes the partition over again.
    """
    log.warning("partition_fenced", partition=number)
    app.held.is_ready = False
    for dropped in app.held.forget({number}):
        app.add_future(dropped.producer.stop())

    def look_again() -> None:
        is_ours = TP(app.names.log, number) in app.assignor.assigned_actives()
        is_settled = not (app.rebalancing or app.should_stop)
        if is_ours and is_settled and number not in app.held.partitions:
            exit_now(Exit.KAFKA, partition=number, hint="fenced, and no rebalance came")

    asyncio.get_running_loop().call_later(FENCED_GRACE_S, look_again)
