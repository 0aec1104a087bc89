"""What was paid first, and which subscriptions cost anything at all."""

from __future__ import annotations

import pytest

from build import BASIC, START, event, invoice, item, price, subscription, updated
from scenario import given


def paid(number, at, **more):
    moved = {"status_transitions": {"paid_at": at}}
    return event("invoice.paid", invoice(f"in_{number}", "paid", **moved, **more), at=START + 99)


def facts(*bodies):
    row = given(*bodies).row
    assert row is not None
    return row.facts


def test_the_first_payment_is_the_earliest_of_all_invoices_in_any_order():
    bodies = [paid(1, START + 5), paid(2, START + 3), paid(3, START + 8)]

    assert [facts(*order).first_paid_at for order in (bodies, bodies[::-1])] == [START + 3] * 2


@pytest.mark.parametrize(("amount", "first"), [(-1, None), (0, None), (1, START)])
def test_a_payment_of_the_least_amount_is_one_and_of_nothing_is_none(amount, first):
    assert facts(paid(1, START, amount=amount)).first_paid_at == first


FREE, ONCE = price(0), {**price(), "recurring": None}


@pytest.mark.parametrize(
    ("items", "costs"),
    [
        ([item()], True),
        ([item(price=FREE)], False),
        ([item(price=price(None, unit_amount_decimal="0.00"))], False),
        ([item(price=price(None, unit_amount_decimal="0.01"))], True),
        ([item(price=price(None))], True),
        ([item(price=ONCE)], False),
        ([item(price=FREE), item("si_2")], True),
        ([item() | {"price": None}], True),
        ([item(price=FREE), item("si_2") | {"price": None}], True),
    ],
)
def test_a_subscription_costs_by_its_list_price_and_where_that_is_not_known(items, costs):
    [(_, _, found)] = facts(updated(subscription(items=items))).subscriptions[BASIC].history

    assert found is costs


def test_a_subscription_whose_items_are_not_known_costs():
    bare = subscription() | {"items": None}
    [(_, _, found)] = facts(updated(bare)).subscriptions[BASIC].history

    assert found
