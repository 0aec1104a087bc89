"""What the renewals of a simulated year came to is what was expected the moment before."""

from __future__ import annotations

import orjson
import pytest

from projections.deletion import with_customer_deleted
from projections.expected import expected_of
from schemas.settings import BusinessSettings, SettingsInForce
from simulation.objects import Generation
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import Folding

RULES = BusinessSettings()


def renewal(event):
    """The invoice of a renewal that has just been made."""
    thing = event["data"]["object"]
    is_one = event["type"] == "invoice.created" and thing["billing_reason"] == "subscription_cycle"
    return thing if is_one else None


def subscription_of(invoice):
    if "subscription" in invoice:
        return invoice["subscription"]
    return invoice["parent"]["subscription_details"]["subscription"]


def compared(events):
    """What was expected of each renewal by all that had happened before its second, and came."""
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    waiting = []
    for number, event in enumerate(events):
        if waiting and waiting[0]["created"] < event["created"]:
            for each in waiting:
                list(folding.take(Found(place=str(number), body=orjson.dumps(each))))
            waiting = []
        waiting.append(event)
        invoice = renewal(event)
        row = invoice and folding.rows.get(f"main/-/live/{invoice['customer']}")
        if row:
            facts = with_customer_deleted(row.facts)
            now = facts.subscriptions[subscription_of(invoice)].now
            yield expected_of(facts, now, RULES, invoice["created"]), invoice, now


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("generation", [Generation.LEGACY, Generation.ENDIVE])
def test_what_is_expected_of_a_renewal_is_what_it_comes_to(generation, is_told):
    year = simulate(seed=5, customers=60, generation=generation)
    events = [each for each in year if is_told or each["type"] != "invoice.upcoming"]
    known = 0
    for found, invoice, now in compared(events):
        if not found:
            continue  # usage, a coupon or the prices of a phase that nobody showed
        [(currency, amount)] = found.items()
        if now.collection_pause:
            assert not amount
            continue
        # Stripe rounds what each discount takes off; we keep the exact amount.
        assert currency == invoice["currency"]
        assert abs(amount - invoice["amount_due"]) <= 1
        known += 1

    assert known > 150
