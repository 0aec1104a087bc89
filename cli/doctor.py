"""`subfold doctor`: whether the cluster can keep the promise, and the command that mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from cli.config import ConfigOption, read_config
from streams.log.doctor import Diagnosis, diagnose
from streams.log.topic_checks import MIN_INSYNC, Fault, TopicState
from streams.logs import configure_logging


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Look at every topic and at Kafka's own; explain what is wrong. Exit 1 when something is."""
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    found = asyncio.run(diagnose(deployment))
    is_well = not (found.faults or found.lacks)
    if as_json:
        typer.echo(orjson.dumps({"is_well": is_well, **asdict(found)}).decode())
    else:
        typer.echo("\n".join(_lines(found)))
    raise typer.Exit(0 if is_well else 1)


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"{found.brokers} {'broker answers' if found.brokers == 1 else 'brokers answer'}"
    amiss = {each.about for each in (*found.faults, *found.lacks)}
    for name, state in sorted(found.topics.items()):
        if name not in amiss:
            yield f"ok     {name}: {_said(state)}"
    for note in found.notes:
        yield f"note   {note}"
    for word, faults in (("WRONG", found.faults), ("AWAY", found.lacks)):
        for fault in faults:
            yield from _explained(word, fault)


def _said(state: TopicState) -> str:
    copies = state.replication_factor
    kept = state.config.get("retention.ms")
    words = [
        f"{state.partitions} partitions",
        f"{copies} {'copy' if copies == 1 else 'copies'}",
        f"{state.config.get(MIN_INSYNC, '?')} in sync to write",
        *(["kept for ever"] if kept == "-1" else []),
    ]
    return ", ".join(words)


def _explained(word: str, fault: Fault) -> Iterator[str]:
    yield f"{word:<6} {fault.words}"
    yield f"       {fault.remedy}"
