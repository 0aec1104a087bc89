"""`subfold rules`: what the automations of your settings would have told, on events of the past."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Annotated

import typer

from cli.config import RulesOption, parse_time, rules_to_try
from cli.files import complain, inputs_of
from schemas.codec import canonical
from schemas.records import Subject
from schemas.settings import SettingsInForce
from schemas.times import iso
from schemas.updates import AutomationTriggered
from streams.fold_files import Folding

app = typer.Typer(help="Try the rules of your settings.", no_args_is_help=True)


@app.callback()
def _about() -> None:
    """Keep `test` a verb of its own while it is the only one."""


@app.command("test")
def try_rules(
    events: Annotated[
        list[str], typer.Option("--events", help="File or folder of events; several if repeated.")
    ],
    settings: RulesOption = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Show moments from this time on.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Let time pass to here; to the last event without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One CloudEvent per line.")] = False,
) -> None:
    """Run the automations over recorded events, with a clock that lives by their times.

    Prints what would have been told when, and how often each rule would have.
    """
    content = rules_to_try(settings)
    begin, end = parse_time(since) if since else None, parse_time(to) if to else None
    folding = Folding(
        settings=SettingsInForce(version=1, content=content), source="main", is_timed=True
    )
    counts = Counter({automation.name: 0 for automation in content.automations})
    for told in folding.run(inputs_of(events), until=end):
        data = told.data
        if not isinstance(data, AutomationTriggered) or not _is_within(data, begin, end):
            continue
        counts[data.automation] += 1
        sys.stdout.buffer.write(
            (canonical(told.structured()) if as_json else _line(told.subject, data)) + b"\n"
        )
    sys.stdout.flush()
    complain(folding.complaints)
    for name, count in counts.items():
        typer.echo(f"{name}: {count}", err=True)
    raise typer.Exit(1 if folding.unreadable else 0)


def _is_within(data: AutomationTriggered, begin: int | None, end: int | None) -> bool:
    at = data.effective_at
    return (begin is None or at >= iso(begin)) and (end is None or at <= iso(end))


def _line(subject: str, data: AutomationTriggered) -> bytes:
    customer = Subject(*subject.split("/")).customer
    late = f"  late by {data.late_by_s} s" if data.late_by_s else ""
    about = f"{data.automation}  {customer}  {data.subscription or '-'}"
    return f"{data.effective_at}  {about}{late}".encode()
