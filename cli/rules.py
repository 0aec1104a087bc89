"""`subfold rules`: what the automations of your settings would have told, on events of the past."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from typing import Annotated

import typer

from cli.config import RulesOption, parse_time, rules_to_try
from cli.files import complain, inputs_of
from schemas.codec import canonical
from schemas.records import Subject
from schemas.settings import SettingsInForce
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationSuperseded, AutomationTriggered, Update
from streams.fold_files import Folding

MOMENTS = AutomationTriggered | AutomationSkipped | AutomationSuperseded

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

    Prints what would have been told when, what holds no more, and how often each rule would have
    told something or held it back.
    """
    content = rules_to_try(settings)
    begin, end = parse_time(since) if since else None, parse_time(to) if to else None
    folding = Folding(
        settings=SettingsInForce(version=1, content=content), source="main", is_timed=True
    )
    counts = Counter({automation.name: 0 for automation in content.automations})
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for told in folding.run(inputs_of(events), until=end):
        data = told.data
        if not isinstance(data, MOMENTS) or not _is_within(data, begin, end):
            continue
        if isinstance(data, AutomationSkipped):
            held[data.automation][data.reason] += 1
        elif isinstance(data, AutomationTriggered):
            counts[data.automation] += 1
        if as_json:
            sys.stdout.buffer.write(canonical(told.structured()) + b"\n")
        elif not isinstance(data, AutomationSkipped):
            sys.stdout.buffer.write(_line(told.subject, data))
    sys.stdout.flush()
    complain(folding.complaints)
    for name, count in counts.items():
        reasons = ", ".join(f"{number} {reason}" for reason, number in held[name].items())
        typer.echo(f"{name}: {count}{f'; held back: {reasons}' if reasons else ''}", err=True)
    raise typer.Exit(1 if folding.unreadable else 0)


def _is_within(data: Update, begin: int | None, end: int | None) -> bool:
    at = data.effective_at
    return (begin is None or at >= iso(begin)) and (end is None or at <= iso(end))


def _line(subject: str, data: AutomationTriggered | AutomationSuperseded) -> bytes:
    customer = Subject(*subject.split("/")).customer
    if isinstance(data, AutomationSuperseded):
        late = f"  holds no more: {data.reason}"
    else:
        late = f"  late by {data.late_by_s} s" if data.late_by_s else ""
    about = f"{data.automation}  {customer}  {data.subscription or '-'}"
    return f"{data.effective_at}  {about}{late}\n".encode()
