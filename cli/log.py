"""`subfold log`: what is done with the log as a whole."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.config import ConfigOption, read_config
from streams.copying.copy import Copied, copy_log
from streams.copying.switch import Switched
from streams.settings import Deployment, load_config

ERR = Console(stderr=True)


class SpeedColumn(ProgressColumn):
    """Records in a second."""

    def render(self, task: Task) -> Text:
        """Nothing before there is anything to measure."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


app = typer.Typer(help="The log as a whole.", no_args_is_help=True)


@app.callback()
def log() -> None:
    """Keep `copy` a verb of its own though it is the only one."""


@app.command()
def copy(
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            help="Settings file of the new installation; it is read without the environment.",
        ),
    ],
    activate: Annotated[
        bool,
        typer.Option(
            "--activate",
            help="Follow the log until the workers are stopped and all is folded; then open the "
            "new installation.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write what was done as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Copy the log to another cluster, or to another number of partitions.

    Order per customer is kept, and what was told is not told again. A copy that broke off is run
    again. Exits 1 where records came after the switch.
    """
    source = read_config(config, finds_kafka=True).deployment
    target = load_config(to, {}).deployment
    copied = _run(source, target, activates=activate)
    typer.echo(_as_json(copied)) if as_json else _tell(copied)
    raise typer.Exit(int(copied.switched is not None and copied.left > 0))


def _run(source: Deployment, target: Deployment, *, activates: bool) -> Copied:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        SpeedColumn(),
        TimeRemainingColumn(),
    )
    told, tasks = "", dict[str, TaskID]()

    def progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what)
        bar.update(tasks[what], completed=done, total=total)

    def waits(words: str) -> None:
        nonlocal told
        if words != told:
            bar.console.print(escape(words))
        told = words

    with Progress(*columns, console=ERR) as bar:
        return asyncio.run(
            copy_log(source, target, activates=activates, progress=progress, waits=waits)
        )


def _as_json(copied: Copied) -> str:
    return orjson.dumps(asdict(copied), option=orjson.OPT_INDENT_2).decode()


def _tell(copied: Copied) -> None:
    console = Console(file=sys.stdout, highlight=False)
    console.print(f"{copied.written} records were written; {copied.found} were there")
    if copied.dropped:
        console.print(f"{copied.dropped} repetitions of settings and test clocks were left out")
    if copied.switched:
        _tell_switched(console, copied.switched)
        if copied.left:
            console.print(
                f"[bold]{copied.left} records came after the switch and are not copied:[/bold] the "
                "first installation's door is open still. Stop it, and have Stripe send their "
                "events again to the new one"
            )
        return
    if copied.left:
        console.print(f"{copied.left} records are left: the log grows, or they wait for settings")
    console.print("nothing reads the copy yet: `--activate` follows the log and opens it")


def _tell_switched(console: Console, switched: Switched) -> None:
    console.print(
        f"{switched.rows} rows were put in place, {switched.dead_letters} dead letters; workers of "
        "the new installation may start"
    )
    parts = Counter(each.part for each in switched.differences)
    if parts:
        told = ", ".join(f"{count} {part}" for part, count in sorted(parts.items()))
        console.print(
            f"as before, this release would make other rows: {told}; see `subfold replay` there"
        )
