"""`subfold rehearse`: what new settings would change for every customer; changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.config import ConfigOption, read_config, warn_of_words
from cli.rows import rows_of_worker
from projections.timers import Timer, timers_of
from schemas.money import Amount
from schemas.rows import Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import ContactChanged, Envelope, MrrChanged, RenewalChanged, StageChanged
from streams.restating import resettled
from streams.settings import Deployment, load_business


@dataclass(slots=True)
class Rehearsal:
    """What changes, in sum: stages from and to, MRR by currency, and the rest by number."""

    customers: int = 0
    changed: int = 0
    stages: Counter[tuple[str, str]] = field(default_factory=Counter)
    mrr: dict[str, Fraction] = field(default_factory=dict)
    renewals: int = 0
    contacts: int = 0
    armed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, told: tuple[Envelope, ...], armed: set[Timer], dropped: set[Timer]) -> None:
        """Count one customer."""
        self.customers += 1
        self.changed += bool(told or armed or dropped)
        self.armed.update(timer.automation for timer in armed)
        self.dropped.update(timer.automation for timer in dropped)
        for data in (update.data for update in told):
            if isinstance(data, StageChanged):
                self.stages[data.previous or "none", data.stage or "none"] += 1
            elif isinstance(data, MrrChanged):
                for money, amount in data.delta.items():
                    self.mrr[money] = self.mrr.get(money, Fraction()) + Fraction(amount.exact)
            self.renewals += isinstance(data, RenewalChanged)
            self.contacts += isinstance(data, ContactChanged)


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
    for row, told, armed, dropped in _rehearsed(read.deployment, content):
        found.add(told, armed, dropped)
        for update in told if as_json else ():
            typer.echo(orjson.dumps(update.structured()))
        if lists and (told or armed or dropped):
            typer.echo(_line(row, told, armed, dropped))
    Console(stderr=as_json or lists).print(_table(found))


def _rehearsed(
    deployment: Deployment, content: BusinessSettings
) -> Iterator[tuple[Row, tuple[Envelope, ...], set[Timer], set[Timer]]]:
    """Every row by the new settings: what would be told, and which timers come and go."""
    now = int(time.time())
    for row, former in rows_of_worker(deployment):
        settings = former.followed_by(former.version + 1, content, at=now, announce="now")
        yield _one(row, former, settings)


def _one(
    row: Row, former: SettingsInForce, settings: SettingsInForce
) -> tuple[Row, tuple[Envelope, ...], set[Timer], set[Timer]]:
    restated, told = resettled(row, settings)
    before = _armed(row, former.content)
    after = _armed(restated, settings.content)
    return row, told, after - before, before - after


def _armed(row: Row, content: BusinessSettings) -> set[Timer]:
    return {timer for timer in timers_of(row, content) if timer.due_at is not None}


def _line(row: Row, told: tuple[Envelope, ...], armed: set[Timer], dropped: set[Timer]) -> str:
    words = [update.type.removeprefix("customer.") for update in told]
    words += [f"+{timer.automation}" for timer in sorted(armed, key=str)]
    words += [f"-{timer.automation}" for timer in sorted(dropped, key=str)]
    return f"{row.subject}  {' '.join(words)}"


def _table(found: Rehearsal) -> Table:
    table = Table("what", "how many", "", box=None)
    table.add_row("customers", str(found.customers), f"{found.changed} of them change")
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
