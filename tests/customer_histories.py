"""Strategies for histories of one customer: ties, repeats and contradictions are the rule.

Three seconds and a handful of ids, so that events share seconds, ids come twice in other shapes,
objects are fetched in between, and several subscriptions and currencies run beside each other.
"""

from __future__ import annotations

from hypothesis import strategies as st

from build import (
    ANA,
    START,
    customer,
    event,
    fetched,
    invoice,
    item,
    payment_method,
    price,
    subscription,
)

STATUSES = ["trialing", "active", "past_due", "unpaid", "paused", "canceled", "incomplete", "odd"]
VERSIONS = ["2020-08-27", "2026-10-28.endive"]
TIMES = st.integers(START, START + 2)
CURRENCIES = st.sampled_from(["usd", "eur", "jpy"])
COUPON = {"id": "TEN", "object": "coupon", "duration": "forever", "percent_off": 10}


def _coupon_shown(as_id):
    whole = {"id": "di_1", "object": "discount", "customer": ANA, "coupon": COUPON, "end": None}
    return {"discounts": ["di_1"]} if as_id else {"discount": whole, "discounts": ["di_1"]}


@st.composite
def subscriptions(draw):
    amount = draw(st.sampled_from([0, 1000, 3333]))
    terms = price(amount, currency=draw(CURRENCIES))
    if draw(st.integers(0, 5)) == 0:
        terms = price(None, billing_scheme="tiered", tiers_mode="volume")
    more = _coupon_shown(draw(st.booleans())) if draw(st.integers(0, 3)) == 0 else {}
    if draw(st.integers(0, 4)) == 0:
        more |= {"metadata": {"account_id": draw(st.sampled_from(["a", "b"]))}}
    if draw(st.integers(0, 4)) == 0:
        more |= {"cancel_at": START + 9, "schedule": "sched_1"}
    if draw(st.integers(0, 4)) == 0:
        default = payment_method("pm_1", draw(st.integers(1, 12)))
        more |= {"default_payment_method": draw(st.sampled_from(["pm_1", "pm_2", default]))}
    status, id_ = draw(st.sampled_from(STATUSES)), draw(st.sampled_from(["sub_1", "sub_2"]))
    return subscription(id_, status, items=[item(price=terms)], **more)


@st.composite
def customers(draw):
    discount = draw(st.sampled_from([None, {"id": "di_2", "coupon": COUPON, "end": None}]))
    return customer(name=draw(st.sampled_from(["Ana", "Eva"])), discount=discount)


@st.composite
def others(draw):
    """An object of another kind, and the event types that carry it."""
    kinds = ["invoice", "discount", "schedule", "checkout", "upcoming", "payment_method"]
    kind = draw(st.sampled_from(kinds))
    if kind == "invoice":
        status = draw(st.sampled_from(["draft", "open", "paid"]))
        thing = invoice(draw(st.sampled_from(["in_1", "in_2"])), status)
        return thing, draw(st.sampled_from(["invoice.created", "invoice.updated", "invoice.paid"]))
    if kind == "discount":
        thing = {"id": "di_2", "object": "discount", "customer": ANA, "coupon": COUPON}
        return thing, f"customer.discount.{draw(st.sampled_from(['created', 'deleted']))}"
    if kind == "upcoming":
        number = draw(st.integers(1, 2))
        thing = invoice(f"in_{number}", "draft", amount=number, period_end=START + number)
        thing["parent"]["subscription_details"]["subscription"] = f"sub_{draw(st.integers(1, 2))}"
        return {name: thing[name] for name in thing if name != "id"}, "invoice.upcoming"
    if kind == "payment_method":
        what = draw(st.sampled_from(["attached", "updated", "automatically_updated", "detached"]))
        thing = payment_method(f"pm_{draw(st.integers(1, 2))}", draw(st.integers(1, 12)))
        return thing, f"payment_method.{what}"
    if kind == "schedule":
        status = draw(st.sampled_from(["active", "released"]))
        thing = {"id": "sched_1", "object": "subscription_schedule", "customer": ANA}
        return thing | {"status": status, "end_behavior": "cancel"}, "subscription_schedule.updated"
    metadata = {"account_id": draw(st.sampled_from(["c", "d"]))}
    thing = {"id": "cs_1", "object": "checkout.session", "customer": ANA, "metadata": metadata}
    return thing, "checkout.session.completed"


@st.composite
def events(draw):
    about = {
        "at": draw(TIMES),
        "id": f"evt_{draw(st.integers(0, 5))}",
        "api_version": draw(st.sampled_from(VERSIONS)),
    }
    match draw(st.integers(0, 5)):
        case 0:
            type_ = f"customer.{draw(st.sampled_from(['created', 'updated', 'deleted']))}"
            was = draw(st.sampled_from([None, {"name": "Ana"}, {"name": "Eva"}]))
            return event(type_, draw(customers()), was=was, **about)
        case 1:
            thing, type_ = draw(others())
            return event(type_, thing, **about)
        case _:
            what = draw(st.sampled_from(["created", "updated", "updated", "deleted", "paused"]))
            was = draw(st.sampled_from([None, *({"status": each} for each in STATUSES[:3])]))
            return event(f"customer.subscription.{what}", draw(subscriptions()), was=was, **about)


@st.composite
def fetches(draw):
    kind = draw(st.sampled_from(["back_fill", "enrichment", "repair"]))
    tiers = [{"up_to": None, "unit_amount": 500}]
    terms = price(None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    thing = draw(st.one_of(subscriptions(), customers(), st.sampled_from([COUPON, terms])))
    connected_at = draw(st.sampled_from([None, START - 9, START + 9]))
    return fetched(thing, kind, at=draw(TIMES), connected_at=connected_at)


BODIES = st.one_of(events(), events(), events(), fetches())
HISTORIES = st.lists(BODIES, min_size=1, max_size=8)
