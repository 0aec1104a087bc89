"""Looks at the cluster for the page Health, beside the page; and gives dead letters back.

What takes long is a job, so the page shows the last one with its time: how far readers are behind
and how topics are (seconds), and whether every record is accounted for (all rows are read).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from console.access.audit import written_down
from console.access.visitor import Visitor
from console.actions.begin import begin
from console.context import Console
from console.jobs import Job
from console.queries.unresolved import unresolved
from console.read_model.ahead import CHANGELOG
from console.read_model.tables import positions
from schemas.errors import SettingsError
from streams.log.doctor import diagnose
from streams.log.topics import changelog_name
from streams.worker.conservation import balance
from streams.worker.lag import Lag, lags, worker_lags
from streams.worker.letter_topic import body_of, read_letters
from streams.worker.letters import OPEN, Action, Chosen, Letter, Place
from streams.worker.redrive import redrive

CLUSTER, CONSERVATION, REDRIVE = "cluster", "conservation", "redrive"
CLUSTER_AGE_S = 15
CONSERVATION_AGE_S = 900
LETTERS_NAMED_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What Kafka showed at one moment.

    Attributes:
        worker, console: How far they are behind.
        faults: What is wrong with topics; `lacks` what is away now, `notes` what limits promises.
        unresolved: Objects that name no customer and lead to none, by kind; live, then test.
    """

    brokers: int
    worker: tuple[Lag, ...]
    console: tuple[Lag, ...]
    faults: tuple[str, ...]
    lacks: tuple[str, ...]
    notes: tuple[str, ...]
    unresolved: Mapping[bool, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conservation:
    """Whether every record of the log is accounted for: sums, and what does not add up."""

    total: Mapping[str, int]
    mismatches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """What a redrive came to: how many letters, and where their records stand now."""

    letters: int
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterBody:
    """One dead letter whole; the body as text, whatever its bytes."""

    letter: Letter
    body: str


def cluster_job(console: Console, *, anew: bool = False) -> Job:
    """Look at the cluster, unless somebody has a moment ago."""
    return console.jobs.fresh(
        CLUSTER,
        lambda _job: asyncio.run(_cluster(console)),
        max_age_s=-1 if anew else CLUSTER_AGE_S,
        clock=console.clock,
    )


def conservation_job(console: Console, *, anew: bool = False) -> Job:
    """Count every record, unless somebody has within a quarter of an hour."""

    def work(job: Job) -> Conservation:
        found = asyncio.run(balance(console.config.deployment, job.progress))
        return Conservation(total=dict(found.total()), mismatches=tuple(found.mismatches()))

    return console.jobs.fresh(
        CONSERVATION,
        work,
        max_age_s=-1 if anew else CONSERVATION_AGE_S,
        clock=console.clock,
    )


async def _cluster(console: Console) -> Cluster:
    deployment = console.config.deployment
    with console.read_model.connect() as connection:
        rows = connection.execute(
            select(positions.c.topic, positions.c.partition, positions.c.next_offset)
        ).all()
        nobodys = {mode: unresolved(connection, livemode=mode) for mode in (True, False)}
    changelog = changelog_name(deployment.worker.application)
    places: dict[tuple[str, int], int | None] = {
        (changelog if topic == CHANGELOG else topic, number): at for topic, number, at in rows
    }
    found = await diagnose(deployment)
    return Cluster(
        brokers=found.brokers,
        worker=tuple(await worker_lags(deployment)),
        console=tuple(await lags(deployment.kafka, places)),
        faults=tuple(map(str, found.faults)),
        lacks=tuple(map(str, found.lacks)),
        notes=tuple(found.notes),
        unresolved=nobodys,
    )


async def letter_at(console: Console, place: str) -> LetterBody:
    """One dead letter with its body.

    Raises:
        SettingsError: There is no such letter.
        BrokerError: Kafka cannot be used.
    """
    kafka = console.config.deployment.kafka
    letter = (await read_letters(kafka)).by_place.get(Place.parse(place))
    if letter is None:
        raise SettingsError(f"there is no dead letter of the record {place}")
    body = await body_of(kafka, letter) or b""
    return LetterBody(letter=letter, body=body.decode(errors="replace"))


def redrive_job(console: Console, visitor: Visitor, chosen: Chosen, why: str) -> Job:
    """Append the records of open letters to the log again, each once; the letters stay.

    Raises:
        SettingsError: Others are given back at this moment.
    """

    async def give_back(job: Job) -> Redriven:
        kafka = console.config.deployment.kafka
        letters = await read_letters(kafka)
        unfinished = {OPEN, Action.REDRIVING.value}
        to_go = [
            each for each in chosen.of(letters) if each.has_record and each.state in unfinished
        ]
        with written_down(
            console.access,
            at=console.clock(),
            actor=visitor.name,
            what="dead_letter.redriven",
            details={
                "asked": sorted(map(str, chosen.places)) or sorted(chosen.reasons),
                "why": why,
            },
        ) as written_of:
            deeds = await redrive(
                kafka,
                letters,
                to_go,
                by=visitor.name,
                why=why,
                now_ms=int(console.clock() * 1000),
                progress=job.progress,
            )
            named = [str(deed.letter) for deed in deeds]
            written_of.update(letters=named[:LETTERS_NAMED_MAX], count=len(named))
        written = tuple(f"{deed.letter.partition}:{deed.written}" for deed in deeds)
        return Redriven(letters=len(deeds), written=written)

    about = repr((sorted(map(str, chosen.places)), sorted(chosen.reasons), why))
    job = begin(console, visitor, REDRIVE, lambda job: asyncio.run(give_back(job)), about=about)
    if job.about != about:
        raise SettingsError(f"{job.by} gives dead letters back at this moment: wait for its end")
    return job
