"""`subfold fold`: the pure path with no Kafka, for trying rules and testing the core."""

from __future__ import annotations

import re
import sys
from collections import deque
from typing import Annotated

import typer

from cli.config import RulesOption, parse_time, rules_to_try, warn_of_words
from cli.files import complain, inputs_of
from cli.statuses import told_of_statuses
from schemas.codec import canonical
from schemas.errors import SettingsError
from schemas.settings import SettingsInForce
from streams.fold_files import Folding
from streams.settings import SOURCE_ID


def fold(  # noqa: PLR0917 - Typer turns parameters into options
    paths: Annotated[
        list[str], typer.Argument(help="Files or folders of events; - is standard input.")
    ],
    state: Annotated[
        bool, typer.Option("--state", help="Print one row per customer instead of updates.")
    ] = False,
    announced: Annotated[
        bool, typer.Option("--announced", help="With --state: what was told, beside each row.")
    ] = False,
    settings: RulesOption = None,
    source: Annotated[str, typer.Option(help="Source that the events came in by.")] = "main",
    at: Annotated[
        str | None,
        typer.Option("--at", help="Move the clock on to this time (ISO 8601 or Unix seconds)."),
    ] = None,
) -> None:
    """Fold events without Kafka: one CloudEvent per line, or with --state one row per customer.

    A file is one event, a list of events (also as Stripe's API and CLI print it), or JSON Lines.
    Folders are read in sorted path order, for .json, .jsonl and .ndjson only.
    """
    _check(source=source, state=state, announced=announced)
    content = rules_to_try(settings)
    warn_of_words(content)
    folding = Folding(settings=SettingsInForce(version=1, content=content), source=source)
    updates = folding.run(inputs_of(paths), until=parse_time(at) if at else None)
    told = (update.structured() for update in updates)
    if state:
        deque(told, maxlen=0)
    for line in folding.state(announced=announced) if state else told:
        sys.stdout.buffer.write(canonical(line) + b"\n")
    sys.stdout.flush()
    complain(folding.complaints)
    typer.echo(folding.summary(), err=True)
    for said in told_of_statuses(folding.rows.values(), content.stages):
        typer.echo(said, err=True)
    raise typer.Exit(1 if folding.unreadable else 0)


def _check(*, source: str, state: bool, announced: bool) -> None:
    if not re.fullmatch(SOURCE_ID, source):
        raise SettingsError(f"--source {source!r}: a source is {SOURCE_ID}")
    if announced and not state:
        raise SettingsError("--announced adds to the rows of --state: name both")
