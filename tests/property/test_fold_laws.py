"""The laws that make a replay safe: facts are a function of the set of records."""

from __future__ import annotations

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from build import ANA, START, coupon, discount, event, fetched, record, subscription, updated
from customer_histories import HISTORIES
from schemas.codec import canonical, decode_row, encode_row
from schemas.money import add, from_exact
from schemas.settings import SettingsInForce
from schemas.updates import MrrChanged
from streams.event_files import Found
from streams.fold_files import Folding
from streams.pipeline import step

RULES = SettingsInForce(version=1)


def folded(history):
    row, told = None, []
    for offset, body in enumerate(history):
        done = step(row, record(body, offset), RULES)
        row = done.row or row
        told.extend(update.data for update in done.updates)
    return row, told


def facts(history):
    row = folded(history)[0]
    return canonical(row.facts) if row else b""


@settings(max_examples=400, deadline=None)
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
@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_state_that_is_printed_is_the_same_bytes_for_any_shuffle_and_doubling(history, chance):
    def printed(bodies):
        folding = Folding(settings=RULES, source="main")
        inputs = [Found(place=str(n), body=orjson.dumps(body)) for n, body in enumerate(bodies)]
        list(folding.run(inputs, until=START + 9))
        return b"\n".join(canonical(line) for line in folding.state(announced=False))

    doubled = history + history
    chance.shuffle(doubled)

    assert printed(doubled) == printed(history)


@settings(deadline=None)
@given(HISTORIES, st.integers(0, 8))
def test_a_stored_row_and_the_rest_give_what_the_whole_gives(history, cut):
    row, _ = folded(history[:cut])
    stored = encode_row(row) if row else None
    row = decode_row(stored) if stored else None
    for offset, body in enumerate(history[cut:], cut):
        row = step(row, record(body, offset), RULES).row or row
    whole, _ = folded(history)

    assert (row and encode_row(row)) == (whole and encode_row(whole))


@settings(deadline=None)
@given(HISTORIES)
@example(
    [
        updated(subscription("sub_1", discounts=["di_1"])),
        fetched(discount("di_1", coupon=coupon(percent_off=100)), at=START + 1),
    ]
)
def test_movements_add_up_to_the_mrr_told(history):
    row, told = folded(history)
    moves = [
        from_exact({code: amount.exact for code, amount in update.delta.items()})
        for update in told
        if isinstance(update, MrrChanged)
    ]
    total = {code: value for code, value in add(*moves).items() if value}
    announced = from_exact(row.announced.mrr) if row else {}

    assert total == {code: value for code, value in announced.items() if value}


@settings(deadline=None)
@given(HISTORIES)
def test_each_movement_starts_where_the_last_ended(history):
    _, told = folded(history)
    moves = [update for update in told if isinstance(update, MrrChanged)]

    def amounts(money):
        return {code: amount.exact for code, amount in money.items() if amount.exact != "0"}

    assert [amounts(move.before) for move in moves] == [
        {},
        *(amounts(move.after) for move in moves),
    ][: len(moves)]


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
    ended = event("customer.subscription.deleted", subscription("sub_1", "canceled"), at=START)
    row, _ = folded([*history, ended])
    late = event("customer.subscription.updated", subscription("sub_1"), at=START + 9_999)
    again = fetched(subscription("sub_1"), "repair", at=START + 9_999)
    for offset, body in enumerate([late, again], 99):
        row = step(row, record(body, offset), RULES).row

    assert row.facts.subscriptions["sub_1"].now.is_terminal
    assert row.subject.endswith(ANA)
