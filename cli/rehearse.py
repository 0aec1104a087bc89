"""`subfold rehearse`: what new settings would change for every customer; changes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.config import ConfigOption, read_config, warn_of_words
from cli.rows import rows_of_worker
from schemas.money import Amount
from streams.rehearsal import Rehearsal, Rehearsed, rehearsed
from streams.settings import load_business


def rehearse(
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="The new rules; those of the settings file without."),
    ] = None,
    lists: Annotated[
        bool, typer.Option("--list", help="Name every customer that changes, one per line.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One update that would be told per line.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Say what new settings would change for every customer, as it stands now. Changes nothing.

    It is what `subfold settings apply --announce now` would tell.
    """
    read = read_config(config, finds_kafka=True)
    content = load_business(settings) if settings else read.business
    warn_of_words(content)
    found = Rehearsal()
    for one in rehearsed(rows_of_worker(read.deployment), content, now=int(time.time())):
        found.add(one)
        for update in one.told if as_json else ():
            typer.echo(orjson.dumps(update.structured()))
        if lists and one.is_changed:
            typer.echo(_line(one))
    Console(stderr=as_json or lists).print(_table(found))


def _line(one: Rehearsed) -> str:
    words = [update.type.removeprefix("customer.") for update in one.told]
    words += [f"+{timer.automation}" for timer in sorted(one.armed, key=str)]
    words += [f"-{timer.automation}" for timer in sorted(one.dropped, key=str)]
    return f"{one.subject}  {' '.join(words)}"


def _table(found: Rehearsal) -> Table:
    table = Table("what", "how many", "", box=None)
    table.add_row("customers", str(found.customers), f"{found.changed} of them change")
    if found.deleted:
        table.add_row("", str(found.deleted), "of them were deleted at Stripe")
    for (before, after), count in sorted(found.stages.items()):
        table.add_row("stage", str(count), escape(f"{before} → {after}"))
    for money, delta in sorted(found.mrr.items()):
        table.add_row("MRR", str(Amount.of(delta).amount_minor), f"{money}, minor units")
    for what, count in (("renewals", found.renewals), ("contacts", found.contacts)):
        if count:
            table.add_row(what, str(count), "change")
    for word, counts in (("armed", found.armed), ("dropped", found.dropped)):
        for name, count in sorted(counts.items()):
            table.add_row(f"timers {word}", str(count), escape(name))
    return table
