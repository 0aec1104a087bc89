"""`subfold statuses`: Stripe's statuses, and what the rules in force make of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.config import ConfigOption, read_config, warn_of_words
from projections.conditions import accepts_status
from projections.deletion import with_customer_deleted
from schemas.rows import Row
from schemas.settings import STRIPE_STATUSES, Stages
from streams.business_toml import toml_value

MEANINGS = {
    "active": "in good standing; an open invoice may still be due",
    "canceled": "over for good",
    "incomplete": "the first payment is not there yet; 23 hours are left for it",
    "incomplete_expired": "the first payment never came: over for good",
    "past_due": "the newest invoice is not paid; Stripe tries again",
    "paused": "on hold: no periods, no invoices, until it is resumed",
    "trialing": "in a trial",
    "unpaid": "all tries to collect have failed; invoices are made, not collected",
}
"""Source: Stripe API reference, "The Subscription object", and docs/stages.md."""


def statuses(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """List Stripe's subscription statuses and the stage that your rules give each."""
    business = read_config(config).business
    warn_of_words(business)
    stages = business.stages
    lines = [(status, MEANINGS[status], tuple(_stages_for(status, stages))) for status in MEANINGS]
    if as_json:
        told = [
            {
                "status": status,
                "meaning": meaning,
                "is_unmapped": not found,
                "stages": [{"stage": stage, "if": asked} for stage, asked in found],
            }
            for status, meaning, found in lines
        ]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("status", "meaning", "stage", box=None)
    for status, meaning, found in lines:
        table.add_row(status, meaning, escape(_words(found)))
    Console().print(table)


def told_of_statuses(rows: Iterable[Row], stages: Stages) -> Iterator[str]:
    """Say which statuses of these rows no rule names, and which of them Stripe did not have."""
    current = Counter(
        entry.now.status
        for row in rows
        for entry in with_customer_deleted(row.facts).subscriptions.values()
    )
    unmapped = {
        status: count
        for status, count in current.items()
        if not any(accepts_status(rule.when, status) for rule in stages.rules)
    }
    unknown = {status: unmapped[status] for status in set(unmapped) - set(STRIPE_STATUSES)}
    if unmapped:
        yield f"statuses that no rule names: {_counts(unmapped)}"
    if unknown:
        yield f"statuses that Stripe did not have when this was made: {_counts(unknown)}"


def _stages_for(status: str, stages: Stages) -> Iterator[tuple[str, dict[str, object]]]:
    """The stages that a status may give, in order, with what else must hold for each."""
    for rule in stages.rules:
        if not accepts_status(rule.when, status):
            continue
        asked = rule.when.model_dump(mode="json")
        asked.pop("status", None)
        yield rule.name, asked
        if not asked:
            return


def _words(found: tuple[tuple[str, dict[str, object]], ...]) -> str:
    if not found:
        return "none: keeps the stage that it had"
    words = [
        " ".join([stage, *(f"if {field} = {toml_value(it)}" for field, it in asked.items())])
        for stage, asked in found
    ]
    return ", else ".join([*words, *(["none"] if found[-1][1] else [])])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{status} {counts[status]}" for status in sorted(counts))
