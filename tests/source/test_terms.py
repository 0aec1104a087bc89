"""What is asked of a price and a coupon, so that all of it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from streams.source.stripe_api import GoneError, InvalidError
from streams.source.terms import Terms

TIERED = {"id": "price_T", "currency": "usd", "billing_scheme": "tiered"}
EURO = {"eur": {"unit_amount": None}, "usd": {"unit_amount": None}}


class Asked:
    """Stands for the API: notes what was expanded, and answers in turn."""

    def __init__(self, *answers: Any) -> None:
        self.client = self
        self.v1 = self.prices = self.coupons = self
        self.retrieve_async = None
        self.expanded: list[list[str]] = []
        self._answers = list(answers)

    async def retrieve(self, _: Any, __: str, params: dict[str, list[str]]) -> Any:
        self.expanded.append(params["expand"])
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_tiers_in_other_currencies_are_asked_for_by_name():
    whole = TIERED | {"currency_options": {"eur": {"tiers": [1]}, "usd": {"tiers": [2]}}}
    api = Asked(TIERED | {"currency_options": EURO}, whole)
    terms = Terms(api)

    assert await terms.price("price_T") == whole
    assert await terms.price("price_T") == whole
    assert api.expanded == [
        ["tiers", "currency_options"],
        ["tiers", "currency_options", "currency_options.eur.tiers"],
    ]


async def test_a_price_is_kept_as_it_is_where_stripe_refuses_so_many_currencies():
    price = TIERED | {"currency_options": EURO}

    assert await Terms(Asked(price, InvalidError("too many"))).price("price_T") == price


@pytest.mark.parametrize(
    "price",
    [
        TIERED | {"currency_options": {"usd": {}}},
        TIERED | {"currency_options": None},
        {"id": "price_1", "currency": "usd", "billing_scheme": "per_unit"}
        | {"currency_options": EURO},
    ],
)
async def test_one_question_is_enough_for_any_other_price(price):
    assert await Terms(Asked(price)).price("price_T") == price


async def test_what_is_gone_is_not_asked_for_again_until_it_is_forgotten():
    coupon = {"id": "C"}
    terms = Terms(Asked(GoneError("no such coupon"), coupon))

    assert await terms.coupon("C") is None
    assert await terms.coupon("C") is None
    terms.forget("C")
    assert await terms.coupon("C") == coupon
