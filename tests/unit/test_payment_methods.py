"""What a subscription is charged to, and when its card is no good any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from facts import Customer, facts, sub, version
from projections.payment_methods import expires_at, payment_method_of
from schemas.objects import PaymentMethod

METHODS = [PaymentMethod(id=f"pm_{n}", exp_month=n, exp_year=2030) for n in range(1, 5)]
GONE = PaymentMethod(id="pm_gone", is_detached=True)


def paid_by(of_subscription, of_customer=None):
    now = sub(**of_subscription)
    known = facts(
        now,
        profile=Customer(id="cus_ana", **of_customer) if of_customer is not None else None,
        payment_methods={each.id: (version(each),) for each in [*METHODS, GONE]},
    )
    found = payment_method_of(known, now)
    return found and found.id


def both(method, source):
    return {"default_payment_method": method, "default_source": source}


@pytest.mark.parametrize(
    ("of_subscription", "of_customer", "found"),
    [
        ({}, None, None),
        ({}, {}, None),
        (both("pm_1", "pm_2"), both("pm_3", "pm_4"), "pm_1"),
        ({"default_source": "pm_2"}, both("pm_3", "pm_4"), "pm_2"),
        ({}, both("pm_3", "pm_4"), "pm_3"),
        ({}, {"default_source": "pm_4"}, "pm_4"),
        ({"default_payment_method": "pm_nobody_showed"}, {"default_source": "pm_4"}, None),
        ({"default_payment_method": "pm_gone"}, {"default_source": "pm_4"}, None),
    ],
)
def test_its_own_comes_before_the_customers_and_a_method_before_a_source(
    of_subscription, of_customer, found
):
    assert paid_by(of_subscription, of_customer) == found


@pytest.mark.parametrize(
    ("year", "month", "end"),
    [
        (2030, 1, datetime(2030, 2, 1, tzinfo=UTC)),
        (2030, 11, datetime(2030, 12, 1, tzinfo=UTC)),
        (2030, 12, datetime(2031, 1, 1, tzinfo=UTC)),
        (9998, 12, datetime(9999, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_card_is_good_to_the_end_of_its_month(year, month, end):
    assert expires_at(PaymentMethod(id="pm", exp_year=year, exp_month=month)) == end.timestamp()


@pytest.mark.parametrize(("year", "month"), [(None, None), (2030, None), (None, 4)])
def test_what_names_no_month_has_no_end(year, month):
    assert expires_at(PaymentMethod(id="pm", exp_year=year, exp_month=month)) is None
