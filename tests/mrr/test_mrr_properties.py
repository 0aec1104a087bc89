"""Laws of MRR and of its movements, on generated subscriptions and histories."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from build import (
    START,
    coupon,
    customer,
    deleted,
    discount,
    fetched,
    item,
    price,
    record,
    subscription,
    updated,
)
from facts import facts, sub, version
from projections.mrr import mrr_of
from projections.mrr.prices import period_amount
from schemas.money import add, from_exact
from schemas.objects import Coupon, Discount, Item, Price, Tier
from schemas.settings import BusinessSettings, Mrr, SettingsInForce
from schemas.updates import MrrChanged
from streams.pipeline import step

PRODUCTS = ["prod_A", "prod_B", "prod_C"]
NET = BusinessSettings(mrr=Mrr(preset="net"))
AMOUNTS = st.decimals(0, 10_000, places=3).map(str)
DISCOUNTS = [f"di_{number}" for number in range(3)]


@st.composite
def items(draw, number):
    return Item(
        id=f"si_{number}",
        price=f"price_{number}",
        product=draw(st.sampled_from(PRODUCTS)),
        currency="usd",
        quantity=draw(st.sampled_from([None, 0, 1, 7])),
        unit_amount=draw(AMOUNTS),
        interval=draw(st.sampled_from(["day", "week", "month", "year", None])),
        interval_count=draw(st.integers(1, 3)),
        usage_type=draw(st.sampled_from(["licensed", "licensed", "metered"])),
        tax_included=draw(st.sampled_from([None, (), ("20",), ("7.5", "2")])),
        discounts=tuple(draw(st.lists(st.sampled_from(DISCOUNTS), max_size=2, unique=True))),
    )


@st.composite
def coupons(draw, id_):
    is_percent = draw(st.booleans())
    return Coupon(
        id=id_,
        duration=draw(st.sampled_from(["forever", "repeating", "once"])),
        percent_off=str(draw(st.decimals(0, 100, places=2))) if is_percent else None,
        amount_off=None if is_percent else draw(st.integers(1, 20_000)),
        currency=None if is_percent else "usd",
        products=draw(st.sampled_from([None, ("prod_A",), ("prod_B", "prod_C"), ("prod_Z",)])),
    )


@st.composite
def customers(draw):
    """Facts of one subscription with several items and discounts on every level."""
    listed = [draw(items(number)) for number in range(draw(st.integers(1, 4)))]
    held = tuple(draw(st.lists(st.sampled_from(DISCOUNTS), max_size=3, unique=True)))
    own = Discount(id="di_own", coupon="di_own", end=draw(st.sampled_from([None, START])))
    terms = [draw(coupons(id_)) for id_ in [*DISCOUNTS, "di_own"]]
    named = [Discount(id=id_, coupon=id_, subscription="sub_basic") for id_ in DISCOUNTS]
    return facts(
        sub(items=tuple(listed), discounts=held, tax_included=draw(st.sampled_from([(), ("10",)]))),
        discounts={each.id: (version(each),) for each in [*named, own]},
        coupons={each.id: (version(each),) for each in terms},
    )


def with_subscription(known, **changes):
    return replace(known, subscriptions=facts(replace(known.current[0], **changes)).subscriptions)


@settings(deadline=None)
@given(customers(), st.randoms(use_true_random=False))
def test_any_order_of_items_gives_the_same(known, chance):
    shuffled = list(known.current[0].items)
    chance.shuffle(shuffled)

    assert mrr_of(with_subscription(known, items=tuple(shuffled)), NET) == mrr_of(known, NET)


@settings(deadline=None)
@given(customers())
def test_discounts_make_it_less_but_never_less_than_nothing(known):
    bare = tuple(replace(item, discounts=()) for item in known.current[0].items)
    full = mrr_of(
        replace(with_subscription(known, items=bare, discounts=()), discounts={}), NET
    ).by_item["sub_basic"]

    for id_, amounts in mrr_of(known, NET).by_item["sub_basic"].items():
        assert 0 <= amounts["usd"] <= full[id_]["usd"]


@settings(deadline=None)
@given(customers())
def test_items_add_up_to_their_subscription_and_subscriptions_to_the_customer(known):
    view = mrr_of(known, NET)

    assert (
        sum((each["usd"] for each in view.by_item["sub_basic"].values()), Fraction())
        == (view.by_subscription["sub_basic"]["usd"])
    )
    assert view.total == view.by_subscription["sub_basic"]


@st.composite
def tiers(draw):
    ends = sorted(draw(st.sets(st.integers(1, 30), max_size=4)))
    return tuple(
        Tier(
            up_to=end,
            unit_amount=draw(st.none() | AMOUNTS),
            flat_amount=draw(st.none() | AMOUNTS),
        )
        for end in [*ends, None]
    )


def unit_by_unit(mode, levels, quantity):
    """Puts every single unit into its tier; the page "Tiered pricing" read word by word."""
    tier_of = {
        unit: next(tier for tier in levels if tier.up_to is None or unit <= tier.up_to)
        for unit in range(1, max(quantity, 1) + 1)
    }
    flat = [tier.flat_amount or 0 for tier in levels if tier in tier_of.values()]
    units = range(1, quantity + 1)
    if mode == "volume":
        reached = tier_of[max(quantity, 1)]
        return sum(Fraction(reached.unit_amount or 0) for _ in units) + Fraction(
            reached.flat_amount or 0
        )
    return sum(Fraction(tier_of[unit].unit_amount or 0) for unit in units) + sum(
        map(Fraction, flat)
    )


@settings(deadline=None)
@given(tiers(), st.integers(0, 40), st.sampled_from(["graduated", "volume"]))
def test_tiers_cost_what_they_cost_unit_by_unit(levels, quantity, mode):
    item = Item(id="si_1", currency="usd", quantity=quantity, billing_scheme="tiered")
    price = Price(id="price_1", tiers_mode=mode, tiers=levels)

    assert period_amount(item, price, "usd") == unit_by_unit(mode, levels, quantity)


TIERED = price(None, billing_scheme="tiered", tiers_mode="volume")
TIERS = {**TIERED, "tiers": [{"up_to": None, "unit_amount": 700}]}
TEN = discount("di_own", coupon=coupon(percent_off=10))


@st.composite
def subscriptions_shown(draw):
    prices = [price(2000), price(3000, currency="eur"), price(100, currency="jpy"), TIERED]
    return subscription(
        draw(st.sampled_from(["sub_1", "sub_2", "sub_3"])),
        draw(st.sampled_from(["active", "active", "trialing", "unpaid", "past_due"])),
        items=[item(price=draw(st.sampled_from(prices)), quantity=draw(st.integers(0, 3)))],
        cancel_at=draw(st.sampled_from([None, None, START + 99])),
        discounts=draw(st.sampled_from([[], [], ["di_unknown"], [discount(coupon=TEN["coupon"])]])),
    )


@st.composite
def histories(draw):
    """Events, endings and fetched objects of one customer: pending and opening among them."""
    bodies = []
    for number in range(draw(st.integers(1, 8))):
        at, thing = START + number, draw(subscriptions_shown())
        connected_at = draw(st.sampled_from([START - 9, START + 9]))
        ways = [
            updated(thing, at=at),
            deleted({**thing, "status": "canceled"}, at=at),
            updated(customer(discount=draw(st.sampled_from([None, TEN]))), at=at),
            fetched(thing, "back_fill", at=at, connected_at=connected_at),
            fetched(TIERS, "enrichment", at=at, connected_at=connected_at),
        ]
        bodies.append(draw(st.sampled_from([*ways, ways[0], ways[3], ways[4]])))
    return bodies


@settings(max_examples=300, deadline=None)
@given(histories(), st.sampled_from(["standard", "stripe", "net"]))
def test_movements_lead_from_nothing_to_what_was_told_last(history, preset):
    rules = SettingsInForce(version=1, content=BusinessSettings(mrr=Mrr(preset=preset)))
    row, last = None, {}
    for offset, body in enumerate(history):
        done = step(row, record(body, offset), rules)
        row = done.row or row
        for update in done.updates:
            if isinstance(update.data, MrrChanged):
                before, after, delta = (_amounts(update.data, name) for name in NAMES)
                assert _nonzero(before) == _nonzero(last)
                assert add(before, delta) == add(after, dict.fromkeys(before, Fraction()))
                assert any(delta.values())
                last = after
        if row:
            told = row.announced
            assert _nonzero(from_exact(told.mrr)) == _nonzero(last)
            assert _nonzero(add(*map(from_exact, told.mrr_of.values()))) == _nonzero(last)


NAMES = ("before", "after", "delta")


def _amounts(update, name):
    return from_exact({code: amount.exact for code, amount in getattr(update, name).items()})


def _nonzero(amounts):
    return {code: value for code, value in amounts.items() if value}
