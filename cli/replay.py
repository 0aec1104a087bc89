"""`subfold replay`: all rows rebuilt from the log, compared with the live ones, put in place."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from multiprocessing import Manager
from pathlib import Path
from queue import Empty, Queue
from typing import Annotated, Literal

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.config import ConfigOption, parse_time, read_config
from cli.files import explained
from schemas.codec import decode_row
from schemas.errors import SettingsError
from schemas.settings import SettingsInForce
from streams.pipeline import row_for_readers
from streams.replay.compare import Difference
from streams.replay.readers import log_ends
from streams.replay.replay import Plan, Replayed, replay
from streams.settings import load_business

SHOWN_MAX = 20
TICK_S = 0.2
ERR = Console(stderr=True)
Progressed = Queue[int]


def replay_log(  # noqa: PLR0917 - Typer turns parameters into options
    activate: Annotated[
        bool, typer.Option("--activate", help="Put rows that differ in place of the live ones.")
    ] = False,
    announce: Annotated[
        Literal["correction", "silent"],
        typer.Option(
            help="With --activate: tell the world what it was told otherwise, or nothing."
        ),
    ] = "correction",
    until: Annotated[
        str | None,
        typer.Option("--until", help="Only what was in the log by this time; nothing is compared."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="As if these rules had held always; nothing is compared."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="With --until or --settings: write the rows, one per line."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Partitions at once; one per processor without."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Rebuild every row from the log and compare it with the live one. Sends nothing.

    Exits 1 where something differs. With --activate, rows that differ are replaced, while events
    keep coming; also when the changelog or the group's offsets are lost.
    """
    plan = Plan(
        deployment=read_config(config, finds_kafka=True).deployment,
        announce=announce if activate else None,
        until_ms=parse_time(until) * 1000 if until else None,
        what_if=SettingsInForce(version=1, content=load_business(settings)) if settings else None,
    )
    _check(plan, out)
    found = _run(plan, jobs or os.cpu_count() or 1)
    if out:
        with explained(out, "written"), out.open("wb") as file:
            file.writelines(_rows(found))
    typer.echo(_as_json(found)) if as_json else _tell(plan, found)
    raise typer.Exit(_code(plan, found))


def _check(plan: Plan, out: Path | None) -> None:
    if plan.announce and not plan.is_faithful:
        raise SettingsError("--activate is for a faithful replay: without --until and --settings")
    if out and plan.is_faithful:
        raise SettingsError("--out writes the rows of --until or --settings: name one of them")


def _run(plan: Plan, jobs: int) -> list[Replayed]:
    """Replay all partitions, some at once in processes of their own, and show how far they are."""
    ends = asyncio.run(log_ends(plan.deployment))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, console=ERR) as bar,
        Manager() as manager,
        ProcessPoolExecutor(min(jobs, len(ends))) as pool,
    ):
        progressed: Progressed = manager.Queue()
        task = bar.add_task("records folded", total=sum(ends.values()))
        futures = [pool.submit(_in_process, plan, each, progressed) for each in sorted(ends)]
        while not all(future.done() for future in futures):
            bar.advance(task, sum(_drained(progressed)))
        bar.advance(task, sum(_drained(progressed)))
        return sorted(_results(futures), key=lambda each: each.partition)


def _results(futures: Sequence[Future[Replayed]]) -> Iterator[Replayed]:
    return (future.result() for future in as_completed(futures))


def _in_process(plan: Plan, partition: int, progressed: Progressed) -> Replayed:
    return asyncio.run(replay(plan, partition, lambda _, count: progressed.put(count)))


def _drained(progressed: Progressed) -> Iterator[int]:
    """What was told since; waits a moment when it is nothing."""
    try:
        yield progressed.get(timeout=TICK_S)
        while True:
            yield progressed.get_nowait()
    except Empty:
        return


def _rows(found: Iterable[Replayed]) -> Iterator[bytes]:
    for each in found:
        rows, settings = each.to_look_at or ({}, SettingsInForce())
        for key in sorted(rows):
            yield row_for_readers(decode_row(rows[key]), settings) + b"\n"


def _code(plan: Plan, found: Iterable[Replayed]) -> int:
    if not plan.is_faithful or plan.announce:
        return 0
    return int(any(each.differences or each.lost or each.unknown for each in found))


def _as_json(found: Iterable[Replayed]) -> str:
    told = [asdict(replace(each, to_look_at=None)) for each in found]
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _tell(plan: Plan, found: Sequence[Replayed]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    table = Table("partition", "records", "rows", "differ", "updates missing", "unknown", box=None)
    for each in found:
        table.add_row(
            *map(str, (each.partition, each.records, each.rows)),
            *map(str, (len(each.differences), each.lost, each.unknown)),
        )
    console.print(table)
    if not plan.is_faithful:
        console.print("a table to look at: nothing was compared, and nothing can be activated")
        return
    differing = [difference for each in found for difference in each.differences]
    for difference in differing[:SHOWN_MAX]:
        console.print(escape(_line(difference)))
    counts = Counter(difference.part for difference in differing)
    lost = [each.partition for each in found if each.is_table_lost]
    if lost:
        console.print(f"no marker was left in partitions {', '.join(map(str, lost))}")
    if plan.announce:
        written = sum(each.written for each in found)
        sent = sum(each.corrections for each in found)
        console.print(f"{written} rows were put in place, {sent} corrections sent")
    elif counts:
        told = ", ".join(f"{count} {part}" for part, count in sorted(counts.items()))
        console.print(f"customers that differ: {told}; `--activate` puts the rebuilt rows in place")
    else:
        console.print("zero differences: the live rows are what the log makes")


def _line(each: Difference) -> str:
    if each.part in {"missing", "extra"}:
        where = "the log" if each.part == "missing" else "the live table"
        return f"{each.subject}: only by {where}"
    return f"{each.subject}: {each.field}: live {each.live}, rebuilt {each.rebuilt}"
