"""Puts together what is known of health, and weighs it: for the page and the API alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.actions.health import Cluster, Conservation, cluster_job, conservation_job
from console.context import Console
from console.jobs import Job
from console.queries.dead_letters import counts_by_state
from console.queries.health import ReadModelHealth, read_model_health
from console.queries.verdict import Evidence, Verdict, verdict
from streams.worker.lag import Lag


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLag:
    """How far a reader is behind one topic: records, and the age of the oldest; Unix seconds."""

    topic: str
    records: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that is looked at beside the page.

    Attributes:
        as_of: When it was looked at, in Unix seconds; None before.
        is_running: Whether it is being looked at now.
        fault: Why it could not be.
    """

    as_of: int | None
    is_running: bool
    percent: int | None
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything of the page, each with its time."""

    verdict: Verdict
    now: int
    read_model: ReadModelHealth
    letters: dict[str, int]
    cluster_part: Part
    cluster: Cluster | None
    worker_lag: tuple[TopicLag, ...]
    console_lag: tuple[TopicLag, ...]
    conservation_part: Part
    conservation: Conservation | None


def health(console: Console, *, livemode: bool, anew: bool = False) -> Health:
    """Everything that is known now; what is too old is looked at anew beside."""
    now = int(console.clock())
    seen = _part(cluster_job(console, anew=anew))
    counted = _part(conservation_job(console, anew=anew))
    with console.read_model.connect() as connection:
        read_model = read_model_health(connection, livemode=livemode, now=now)
        letters = counts_by_state(connection)
    cluster: Cluster | None = seen[1]
    conservation: Conservation | None = counted[1]
    worker = _by_topic(cluster.worker, now) if cluster else ()
    readers = _by_topic(cluster.console, now) if cluster else ()
    found = verdict(
        Evidence(
            worker_lag_s=_worst(worker) if cluster else None,
            console_lag_s=_worst(readers) if cluster and cluster.console else None,
            open_letters=letters.get("open", 0),
            mismatches=conservation.mismatches if conservation else None,
            faults=(*cluster.faults, *cluster.lacks) if cluster else None,
            kafka_fault=seen[0].fault,
            unreadable=read_model.unreadable,
            sources=read_model.sources,
        )
    )
    return Health(
        verdict=found,
        now=now,
        read_model=read_model,
        letters=letters,
        cluster_part=seen[0],
        cluster=cluster,
        worker_lag=worker,
        console_lag=readers,
        conservation_part=counted[0],
        conservation=conservation,
    )


def _part(job: Job) -> tuple[Part, Any]:
    """What a job came to; while it is under way, what the one before did."""
    done = job.former if job.is_running else job
    is_known = done is not None and done.result is not None
    part = Part(
        as_of=done.started_at if done and is_known else None,
        is_running=job.is_running,
        percent=job.percent if job.is_running else None,
        fault=done.error if done else None,
    )
    return part, done.result if done else None


def _by_topic(found: Iterable[Lag], now: int) -> tuple[TopicLag, ...]:
    records: dict[str, int] = {}
    oldest: dict[str, int] = {}
    for each in found:
        records[each.topic] = records.get(each.topic, 0) + each.records
        age_s = 0 if each.oldest_at is None else max(now - each.oldest_at, 0)
        oldest[each.topic] = max(oldest.get(each.topic, 0), age_s)
    return tuple(
        TopicLag(topic=topic, records=count, seconds=oldest[topic])
        for topic, count in sorted(records.items())
    )


def _worst(found: Iterable[TopicLag]) -> int:
    return max((each.seconds for each in found), default=0)
