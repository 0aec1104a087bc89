"""The laws that make a replay safe: facts are a function of the set of records."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from build import ANA, START, customer, event, item, price, record, subscription
from schemas.codec import canonical, decode_row, encode_row
from schemas.money import add, from_exact
from schemas.settings import SettingsInForce
from schemas.updates import MrrChanged
from streams.pipeline import step

RULES = SettingsInForce(version=1)
STATUSES = ["trialing", "active", "past_due", "unpaid", "paused", "canceled", "incomplete", "odd"]
# Three seconds and a handful of ids: ties and duplicates are the rule, not the exception.
TIMES = st.integers(START, START + 2)


@st.composite
def bodies(draw):
    at = draw(TIMES)
    version = draw(st.sampled_from(["2020-08-27", "2026-10-28.endive"]))
    id_ = f"evt_{draw(st.integers(0, 5))}"
    if draw(st.integers(0, 4)) == 0:
        type_ = draw(st.sampled_from(["created", "updated", "deleted"]))
        name = draw(st.sampled_from(["Ana", "Eva"]))
        thing, type_ = customer(name=name), f"customer.{type_}"
        was = draw(st.sampled_from([None, {"name": "Ana"}, {"name": "Eva"}]))
    else:
        currency = draw(st.sampled_from(["usd", "eur", "jpy"]))
        terms = price(draw(st.sampled_from([0, 1000, 3333])), currency=currency)
        status = draw(st.sampled_from(STATUSES))
        id_of = draw(st.sampled_from(["sub_1", "sub_2"]))
        thing = subscription(id_of, status, items=[item(price=terms)])
        type_ = draw(st.sampled_from(["created", "updated", "updated", "deleted", "paused"]))
        type_ = f"customer.subscription.{type_}"
        was = draw(st.sampled_from([None, *({"status": status} for status in STATUSES[:3])]))
    return event(type_, thing, at=at, id=id_, api_version=version, was=was)


HISTORIES = st.lists(bodies(), min_size=1, max_size=8)


def folded(history):
    row, told = None, []
    for offset, body in enumerate(history):
        done = step(row, record(body, offset), RULES)
        row = done.row or row
        told.extend(update.data for update in done.updates)
    return row, told


def facts(history):
    return canonical(folded(history)[0].facts)


@settings(max_examples=300, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_facts(history, chance):
    shuffled = list(history)
    chance.shuffle(shuffled)

    assert facts(shuffled) == facts(history)


@settings(deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_any_repetition_gives_the_same_facts(history, chance):
    doubled = history + history
    chance.shuffle(doubled)

    assert facts(doubled) == facts(history)


@settings(deadline=None)
@given(HISTORIES, st.integers(0, 8))
def test_a_stored_row_and_the_rest_give_what_the_whole_gives(history, cut):
    row, _ = folded(history[:cut])
    stored = encode_row(row) if row else None
    row = decode_row(stored) if stored else None
    for offset, body in enumerate(history[cut:], cut):
        row = step(row, record(body, offset), RULES).row or row

    assert encode_row(row) == encode_row(folded(history)[0])


@settings(deadline=None)
@given(HISTORIES)
def test_movements_add_up_to_the_mrr_told(history):
    row, told = folded(history)
    moves = [
        from_exact({code: amount.exact for code, amount in update.delta.items()})
        for update in told
        if isinstance(update, MrrChanged)
    ]
    total = {code: value for code, value in add(*moves).items() if value}
    announced = from_exact(row.announced.mrr)

    assert total == {code: value for code, value in announced.items() if value}


@settings(deadline=None)
@given(HISTORIES)
def test_each_stage_change_starts_where_the_last_ended(history):
    _, told = folded(history)
    changes = [update for update in told if update.TYPE == "customer.stage_changed"]

    assert [each.previous for each in changes] == [None, *(each.stage for each in changes)][
        : len(changes)
    ]


@settings(deadline=None)
@given(HISTORIES)
def test_a_terminal_subscription_never_comes_back(history):
    row, _ = folded(
        [
            *history,
            event("customer.subscription.deleted", subscription("sub_1", "canceled"), at=START),
        ]
    )
    late = event("customer.subscription.updated", subscription("sub_1"), at=START + 9_999)
    after = step(row, record(late, 99), RULES).row

    assert after.facts.subscriptions["sub_1"].now.is_terminal
    assert after.subject.endswith(ANA)
