"""Rehearses settings and applies exactly what was rehearsed; and counts what helps to choose them.

Each is a job, for it reads every customer; the rows of the worker themselves where it must be right
to the last, the read model where it is for looking only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from console.access.audit import written_down
from console.access.visitor import Visitor
from console.actions.begin import begin
from console.context import Console
from console.jobs import Job
from console.queries.coverage import coverage
from console.queries.presets import presets
from console.queries.rehearsal import Result
from console.queries.settings import in_force
from schemas.codec import decode_row
from schemas.errors import SettingsError
from schemas.rows import Row
from schemas.settings import Announce, BusinessSettings, SettingsInForce
from streams.log.settings_log import Application, apply_settings
from streams.rehearsal import rehearsed
from streams.worker.changelog import Rows, read_rows

REHEARSAL = "rehearsal"
FIGURES_AGE_S = 300
"""How old what helps to choose may be when the page is opened; a button counts anew at once."""
TELL_EVERY = 200


def rehearse(console: Console, visitor: Visitor, content: BusinessSettings) -> Job:
    """Begin to rehearse, or give what is under way.

    Raises:
        SettingsError: Other content is being rehearsed at this moment.
    """
    with console.read_model.connect() as connection:
        base = in_force(connection).version
    result = Result(content=content, hash=content.content_hash(), base_version=base)

    def work(job: Job) -> Result:
        deployment = console.config.deployment
        partitions = asyncio.run(read_rows(deployment, lambda _done, _total: None))
        rows = _told(_rows(partitions), job, sum(len(each.stored) for each in partitions))
        for one in rehearsed(rows, content, now=int(console.clock())):
            result.add(one)
        result.finish(int(console.clock()))
        return result

    job = begin(console, visitor, REHEARSAL, work, about=result.hash)
    if job.about != result.hash:
        raise SettingsError(f"{job.by} rehearses other settings at this moment: wait for its end")
    return job


def rehearsal_of(console: Console) -> Result | None:
    """The last rehearsal that came to its end, if nothing is under way since."""
    job = console.jobs.latest(REHEARSAL)
    return job.result if job else None


async def apply_rehearsed(
    console: Console, visitor: Visitor, *, hash_: str, reason: str, announce: Announce
) -> Application:
    """Append what was rehearsed to the log.

    Args:
        console: Whose rehearsal it was.
        visitor: Who applies it.
        hash_: Of the content that was looked at.
        reason: Why; kept with it for ever.
        announce: What becomes of customers that look different by it.

    Raises:
        SettingsError: That content was not rehearsed.
        OthersAppliedError: Another version was applied since it was rehearsed.
        BrokerError: Kafka cannot be used.
    """
    result = rehearsal_of(console)
    if result is None or result.hash != hash_:
        raise SettingsError(
            "these settings are not those that were rehearsed last: rehearse them, look at what "
            "they change, then apply"
        )
    with written_down(
        console.access,
        at=console.clock(),
        actor=visitor.name,
        what="settings.applied",
        details={"hash": hash_, "announce": announce, "reason": reason},
    ) as deed:
        done = await apply_settings(
            console.config.deployment.kafka,
            result.content,
            applied_by=visitor.name,
            reason=reason,
            announce=announce,
            after=result.base_version,
        )
        deed.update(version=done.record.version, outcome=done.outcome)
    return done


def coverage_job(console: Console, *, livemode: bool, anew: bool = False) -> Job:
    """Count how many customers have each metadata key."""

    def work(job: Job) -> object:
        with console.read_model.connect() as connection:
            return coverage(connection, livemode=livemode, job=job)

    return console.jobs.fresh(
        _kind("coverage", livemode=livemode),
        work,
        max_age_s=-1 if anew else FIGURES_AGE_S,
        clock=console.clock,
    )


def presets_job(
    console: Console, settings: BusinessSettings, *, livemode: bool, anew: bool = False
) -> Job:
    """Count MRR by every preset, beside what these settings make of it."""

    def work(job: Job) -> object:
        with console.read_model.connect() as connection:
            return presets(connection, settings, livemode=livemode, job=job)

    return console.jobs.fresh(
        _kind("presets", livemode=livemode),
        work,
        max_age_s=-1 if anew else FIGURES_AGE_S,
        clock=console.clock,
        about=settings.mrr.model_dump_json(),
    )


def _kind(word: str, *, livemode: bool) -> str:
    return f"{word}-{'live' if livemode else 'test'}"


def _rows(partitions: list[Rows]) -> Iterator[tuple[Row, SettingsInForce]]:
    for partition in partitions:
        for data in partition.stored.values():
            yield decode_row(data), partition.settings


def _told(
    rows: Iterator[tuple[Row, SettingsInForce]], job: Job, total: int
) -> Iterator[tuple[Row, SettingsInForce]]:
    """The same, noting how far it is."""
    for number, row in enumerate(rows):
        if number % TELL_EVERY == 0:
            job.progress(number, total)
        yield row
    job.progress(total, total)
