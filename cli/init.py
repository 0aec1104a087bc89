"""`subfold init`: a commented subfold.toml to start from, and what its rules say of your events."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.files import complain, explained, inputs_of
from cli.settings_text import settings_text
from cli.statuses import told_of_statuses
from schemas.customer_row import CustomerRow
from schemas.errors import SubfoldError
from schemas.presets import PRESETS
from schemas.settings import BusinessSettings, SettingsInForce
from streams.customer_row import customer_row
from streams.fold_files import Folding

NO_STAGE = "none"


class Preset(StrEnum):
    """The presets of `schemas.presets`, as an option's values."""

    BASIC = "basic"
    LIFECYCLE = "lifecycle"


def init(
    more: Annotated[
        list[str] | None, typer.Argument(hidden=True, help="More of --events.", metavar="PATH...")
    ] = None,
    preset: Annotated[Preset, typer.Option(help="Stages to start with.")] = Preset.BASIC,
    events: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH...", help="Files or folders of events to try the rules on."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the whole file if there is one.")
    ] = False,
    output: Annotated[Path, typer.Option(help="File to write.")] = Path("subfold.toml"),
) -> None:
    """Write a commented settings file with every business table, and try its rules on events."""
    if more and not events:
        raise typer.BadParameter("a file to write is named by --output, events by --events")
    if output.exists() and not force:
        raise SubfoldError(f"{output} exists: write another with --output, or replace it: --force")
    with explained(output, "written"):
        output.write_text(settings_text(preset.value), encoding="utf-8")
    typer.echo(f"wrote {output}: preset {preset.value}")
    if not events:
        typer.echo(
            "How many customers would it call Customer that have never paid? Ask with events: "
            f"subfold init --preset {preset.value} --output {output} --force --events events.jsonl"
        )
        return
    content = BusinessSettings(stages=PRESETS[preset.value])
    folding = Folding(settings=SettingsInForce(version=1, content=content), source="main")
    deque(folding.run(inputs_of([*events, *(more or [])])), maxlen=0)
    complain(folding.complaints)
    for said in _made_of(folding):
        typer.echo(said)
    raise typer.Exit(1 if folding.unreadable else 0)


def _made_of(folding: Folding) -> Iterator[str]:
    """Say what the rules make of the customers."""
    rows = [customer_row(row, folding.settings) for row in folding.rows.values()]
    stages = folding.settings.content.stages
    counts = Counter(row.stage.name if row.stage else NO_STAGE for row in rows)
    told = ", ".join(f"{name} {counts[name]}" for name in (*stages.precedence, NO_STAGE))
    yield f"customers by stage: {told}"
    yield from told_of_statuses(folding.rows.values(), stages)
    yield _never_paying(rows)


def _never_paying(rows: Sequence[CustomerRow]) -> str:
    """Say how many customers are called Customer by these rules and have never paid.

    Who paid an invoice, or had a subscription that cost something `active` or `past_due`, has paid.
    """
    called = [row for row in rows if row.stage and row.stage.name == "Customer"]
    unpaid = sum(not row.lifetime.ever_customer for row in called)
    return f"{unpaid} of {len(rows)} customers are called Customer and have never paid"
