"""`subfold timers`: what is armed next, per rule and day."""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.config import ConfigOption, RulesOption, parse_time, read_config, rules_to_try
from cli.files import complain, inputs_of
from cli.rows import rows_of_worker
from projections.timers import Timer, timers_of
from schemas.errors import SettingsError
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso, iso_or_none
from streams.fold_files import Folding


class Armed(NamedTuple):
    """A timer, and whose it is."""

    subject: str
    timer: Timer


def timers(  # noqa: PLR0917 - Typer turns parameters into options
    events: Annotated[
        list[str] | None,
        typer.Option("--events", help="File or folder of events, instead of the worker's rows."),
    ] = None,
    settings: RulesOption = None,
    at: Annotated[
        str | None, typer.Option("--at", help="With --events: let time pass to here.")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only this automation.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="How many days to count.")] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="One timer per line.")] = False,
    config: ConfigOption = None,
) -> None:
    """List what is armed next: for each automation how many moments come on which day (UTC).

    Reads the rows as the worker last committed them, and the settings that it folds with; with
    --events, the days are counted from the last of these.
    """
    if (settings or at) and not events:
        raise SettingsError("--settings and --at go with --events: the worker has its own rules")
    if events:
        rows: Iterable[tuple[Row, BusinessSettings]] = list(
            _rows_of_files(events, rules_to_try(settings), parse_time(at) if at else None)
        )
        now = max((row.facts.at for row, _ in rows), default=0)
    else:
        deployment = read_config(config, finds_kafka=True).deployment
        rows = ((row, it.content) for row, it in rows_of_worker(deployment))
        now = int(time.time())
    armed, names = [], set[str]()
    for row, content in rows:
        names.update(each.name for each in content.automations)
        armed += [
            Armed(row.subject, timer)
            for timer in timers_of(row, content)
            if rule in {None, timer.automation}
        ]
    if rule is not None and rule not in names:
        raise SettingsError(f"--rule {rule!r}: only {', '.join(sorted(names))} hold")
    if as_json:
        for line in _lines(armed):
            typer.echo(line)
    else:
        Console().print(_table(armed, now=now, days=days))
        for said in _short(armed):
            typer.echo(said)


def _rows_of_files(
    paths: list[str], content: BusinessSettings, at: int | None
) -> Iterable[tuple[Row, BusinessSettings]]:
    folding = Folding(
        settings=SettingsInForce(version=1, content=content), source="main", is_timed=True
    )
    deque(folding.run(inputs_of(paths), until=at), maxlen=0)
    complain(folding.complaints)
    return ((row, content) for row in folding.rows.values())


def _lines(armed: Iterable[Armed]) -> Iterator[str]:
    for subject, timer in sorted(armed, key=_by_time):
        told = {
            "automation": timer.automation,
            "subject": subject,
            "subscription": timer.subscription,
            "before": timer.span,
            "due_at": iso_or_none(timer.due_at),
            "date": iso_or_none(timer.date),
            "armed": timer.due_at is not None,
        }
        yield orjson.dumps(told).decode()


def _by_time(armed: Armed) -> tuple[bool, int, str]:
    due_at = armed.timer.due_at
    return due_at is None, due_at or 0, armed.subject


def _table(armed: Iterable[Armed], *, now: int, days: int) -> Table:
    """A line for each rule and day, from now on; what is overdue comes first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, timer in armed:
        if timer.due_at is not None:
            counts[timer.automation][_day(timer.due_at, now, days)] += 1
    table = Table("automation", "day", "moments", box=None)
    for name in sorted(counts):
        for day, count in sorted(counts[name].items()):
            table.add_row(escape(name), day, str(count))
    if not counts:
        table.add_row("nothing is armed", "", "")
    return table


def _day(due_at: int, now: int, days: int) -> str:
    if due_at < now:
        return " overdue"
    return iso(due_at)[:10] if due_at < now + days * 86_400 else "later"


def _short(armed: Iterable[Armed]) -> Iterator[str]:
    """Which rules do not arm for whom, because their time is no less than half the period."""
    counts = Counter((timer.automation, timer.span) for _, timer in armed if timer.due_at is None)
    for (name, span), count in sorted(counts.items()):
        yield (
            f"{name}: {span} is not armed for {count}, whose period is too short for it "
            "(before must be less than half of it, unless the rule says even_if_short = true)"
        )
