"""Shows what came out: customers, topics, outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import ConsumerRecord
from rich.table import Table

from cli.demo.judge import Said
from schemas.currencies import show_money
from streams.pipeline import Outcome

MEANINGS = {
    Outcome.FOLDED: "changed what is known of a customer, or confirmed it",
    Outcome.IGNORED: "stored, but of a type that says nothing about stage, MRR or renewal",
    Outcome.DUPLICATE: "seen before: the same event, delivered again",
    Outcome.DEAD_LETTERED: "signed, but nonsense: kept whole in the dead-letter topic",
}


def customers_table(found: Said) -> Table:
    """One line for each customer, made from `billing.customers.v1` (and `test.`)."""
    table = Table("customer", "your id", "stage", "MRR", "renews", "subscriptions", box=None)
    by_name = sorted(found.rows.values(), key=lambda row: (not row["livemode"], _name(row)))
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


def topics_table(topics: Mapping[str, Sequence[ConsumerRecord]]) -> Table:
    """How many committed records each topic has."""
    table = Table("topic", "records", box=None)
    for name, records in topics.items():
        table.add_row(name, str(len(records)))
    return table


def outcomes_table(found: Said, postings: int) -> Table:
    """What became of the webhooks; the counts add up to what was posted."""
    table = Table("outcome", "webhooks", "", box=None, show_footer=True)
    table.columns[0].footer, table.columns[1].footer = "posted", str(postings)
    for outcome, meaning in MEANINGS.items():
        table.add_row(outcome.value, str(found.outcomes.get(outcome, 0)), meaning)
    return table


def _name(row: Mapping[str, Any]) -> str:
    name = row["customer"]["name"] or row["customer"]["id"]
    return str(name) if row["livemode"] else f"{name} (test mode)"


def _mrr(row: Mapping[str, Any]) -> str:
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
