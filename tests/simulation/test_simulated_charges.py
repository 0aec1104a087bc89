"""Charges follow from a history's invoices, and leave the history as it is."""

from __future__ import annotations

import pytest

from histories import told_alike
from simulation.charges import with_charges
from simulation.objects import Generation

LEGACY, BASIL, CLOVER, ENDIVE = Generation


def charges(generation, what):
    return [
        event["data"]["object"]
        for event in with_charges(told_alike(generation), seed=1)
        if event["type"] == what
    ]


def test_the_history_stays_as_it_is_and_in_order():
    told = list(with_charges(told_alike(ENDIVE), seed=1))
    own = {event["id"] for event in told_alike(ENDIVE)}

    assert [event for event in told if event["id"] in own] == list(told_alike(ENDIVE))
    assert [event["created"] for event in told] == sorted(event["created"] for event in told)
    assert len({event["id"] for event in told}) == len(told)


def test_each_paid_invoice_has_a_charge_of_its_total():
    paid = {
        event["data"]["object"]["id"]: event["data"]["object"]["total"]
        for event in told_alike(LEGACY)
        if event["type"] == "invoice.paid" and event["data"]["object"]["total"]
    }

    assert {each["invoice"]: each["amount"] for each in charges(LEGACY, "charge.succeeded")} == paid


@pytest.mark.parametrize("generation", [BASIL, CLOVER, ENDIVE])
def test_ids_are_the_same_in_all_generations_but_only_the_oldest_names_the_invoice(generation):
    mine, oldest = (charges(each, "charge.succeeded") for each in (generation, LEGACY))

    assert [each["id"] for each in mine] == [each["id"] for each in oldest]
    assert not any("invoice" in each for each in mine)


def test_a_refund_is_of_its_charge_and_never_of_more():
    paid = {each["id"]: each["amount"] for each in charges(ENDIVE, "charge.succeeded")}
    refunded = {each["id"]: each for each in charges(ENDIVE, "charge.refunded")}
    refunds = charges(ENDIVE, "refund.created")

    assert refunds
    for refund in refunds:
        assert refund["amount"] == refunded[refund["charge"]]["amount_refunded"]
        assert 0 < refund["amount"] <= paid[refund["charge"]]


def test_a_legacy_invoice_names_the_charge_that_paid_it():
    ids = {each["id"] for each in charges(LEGACY, "charge.succeeded")}
    named = [
        event["data"]["object"]["charge"]
        for event in told_alike(LEGACY)
        if event["type"] == "invoice.paid" and event["data"]["object"]["total"]
    ]

    assert named
    assert set(named) == ids
