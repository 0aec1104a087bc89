"""`subfold status`: where each partition stands, and whether every record is accounted for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.config import ConfigOption, read_config
from cli.source_status import words_of
from streams.logs import configure_logging
from streams.settings import Deployment
from streams.source.log_writer import kept
from streams.source.status import SourceStatus, source_statuses
from streams.worker.conservation import Account, Balance, balance
from streams.worker.marker import Fate

ERR = Console(stderr=True)
FATES = tuple(fate.value for fate in Fate)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what became of every record of the log, and how complete each account is.

    Exit 1 when the records do not add up.
    """
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    found = _read(deployment)
    sources = source_statuses(asyncio.run(kept(deployment.kafka)), int(time.time()))
    wrong = found.mismatches()
    if as_json:
        typer.echo(orjson.dumps(_told(found, wrong, sources)).decode())
    else:
        Console().print(_table(found))
        typer.echo(_sum(found))
        for each in sources:
            typer.echo(words_of(each))
        for words in wrong or ["it adds up"]:
            typer.echo(f"DOES NOT ADD UP: {words}" if wrong else words)
    raise typer.Exit(1 if wrong else 0)


def _read(deployment: Deployment) -> Balance:
    with Progress(console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task("rows read", total=None)
        return asyncio.run(
            balance(deployment, lambda done, total: bar.update(task, completed=done, total=total))
        )


def _table(found: Balance) -> Table:
    table = Table(
        *("partition", "log end", "position", "in flight"),
        *(fate.replace("_", " ") for fate in FATES),
        *("rows", "settings", "open letters"),
        box=None,
    )
    for each in found.accounts:
        table.add_row(*map(str, _cells(each)))
    return table


def _cells(each: Account) -> tuple[int, ...]:
    marker = each.marker
    return (
        *(each.number, each.ends, marker.next_offset, each.in_flight),
        *each.fates.values(),
        *(each.rows, marker.settings_version, each.open_letters),
    )


def _sum(found: Balance) -> str:
    total = found.total()
    parts = [f"{total[fate]} {fate.replace('_', ' ')}" for fate in FATES]
    return (
        f"{total['log']} records = {' + '.join(parts)} + {total['in_flight']} in flight; "
        f"{total['rows']} rows, {total['open_letters']} open dead letters"
    )


def _told(found: Balance, wrong: list[str], sources: list[SourceStatus]) -> dict[str, object]:
    return {
        "adds_up": not wrong,
        "mismatches": wrong,
        "total": dict(found.total()),
        "sources": [asdict(each) for each in sources],
        "partitions": [
            {
                "partition": each.number,
                "log_begin": each.begins,
                "log_end": each.ends,
                "position": each.marker.next_offset,
                "in_flight": each.in_flight,
                "counts": each.fates,
                "rows": each.rows,
                "settings_version": each.marker.settings_version,
                "dead_letters": each.letters,
                "open_dead_letters": each.open_letters,
            }
            for each in found.accounts
        ],
    }
