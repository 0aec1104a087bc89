"""Shows what came out: customers, topics, outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from aiokafka import ConsumerRecord
from rich.table import Table

from cli.demo.judge import Said
from schemas.currencies import show_money
from streams.pipeline import Outcome

Row = Mapping[str, Any]

MEANINGS = {
    Outcome.FOLDED: "changed what is known of a customer, or confirmed it",
    Outcome.IGNORED: "stored, but of a type that says nothing about stage, MRR or renewal",
    Outcome.DUPLICATE: "seen before: the same event, delivered again",
    Outcome.DEAD_LETTERED: "signed, but nonsense: kept whole in the dead-letter topic",
}


def customers_table(rows: Iterable[Row]) -> Table:
    """One line for each customer, made from `billing.customers.v1` (and `test.`)."""
    table = Table("customer", "your id", "stage", "MRR", "renews", "subscriptions", box=None)
    by_name = sorted(rows, key=lambda row: (not row["livemode"], _name(row)))
    for row in by_name:
        table.add_row(
            _name(row),
            row["contact"]["id"] if row["contact"] else "–",
            row["stage"]["name"] if row["stage"] else "–",
            _mrr(row),
            _renewal(row["renewal"]),
            ", ".join(each["status"] for each in row["subscriptions"]) or "–",
        )
    return table


def year_table(rows: Sequence[Row], movements: Iterable[ConsumerRecord]) -> Table:
    """Where the customers of the simulated year stand at its end, and how their MRR moved."""
    stages = Counter(row["stage"]["name"] if row["stage"] else "none yet" for row in rows)
    reasons = Counter(each["reason"] for row in rows for each in row["pending"])
    kinds = Counter(orjson.loads(record.value)["movement"] for record in movements)
    mrr: Counter[str] = Counter()
    for row in rows:
        mrr.update({currency: each["amount_minor"] for currency, each in row["mrr"].items()})
    table = Table("the simulated year", str(len(rows)), "customers", box=None)
    for name, count in stages.most_common():
        table.add_row("stage", str(count), name)
    for currency, amount in mrr.most_common():
        table.add_row("MRR", show_money(amount, currency))
    for reason, count in reasons.most_common():
        table.add_row("MRR not known", str(count), f"subscriptions: {reason}")
    for kind, count in kinds.most_common():
        table.add_row("movement of MRR", str(count), kind)
    return table


def topics_table(topics: Mapping[str, Sequence[ConsumerRecord]]) -> Table:
    """How many committed records each topic has."""
    table = Table("topic", "records", box=None)
    for name, records in topics.items():
        table.add_row(name, str(len(records)))
    return table


def outcomes_table(found: Said, postings: int, ticks: int) -> Table:
    """What became of the records; the counts add up to what was posted, and the clock's ticks."""
    table = Table("outcome", "records", "", box=None, show_footer=True)
    table.columns[0].footer, table.columns[1].footer = "posted", str(postings)
    table.columns[2].footer = f"and {ticks} ticks of the clock"
    for outcome, meaning in MEANINGS.items():
        table.add_row(outcome.value, str(found.outcomes.get(outcome, 0)), meaning)
    return table


def _name(row: Row) -> str:
    name = row["customer"]["name"] or row["customer"]["id"]
    return str(name) if row["livemode"] else f"{name} (test mode)"


def _mrr(row: Row) -> str:
    amounts = [
        show_money(amount["amount_minor"], currency) for currency, amount in row["mrr"].items()
    ]
    unknown = [f"? ({each['reason']})" for each in row["pending"]]
    known = [
        text
        for text, amount in zip(amounts, row["mrr"].values(), strict=True)
        if amount["amount_minor"] or not unknown
    ]
    return " + ".join([*known, *unknown]) or "–"


def _renewal(renewal: Mapping[str, Any]) -> str:
    if renewal["renews_at"]:
        return str(renewal["renews_at"])[:10]
    if renewal["access_until"]:
        return f"no, ends {renewal['access_until'][:10]}"
    return "–"
