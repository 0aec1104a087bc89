"""Sums that pages read are what the updates add up to, in whatever order these came."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from fractions import Fraction

import pytest
from sqlalchemy import create_engine, insert, select

from console.read_model.rollup_tables import mrr_cohorts, mrr_days, stage_stays
from console.read_model.rollups import NO_STAGE, month_of, roll_up
from console.read_model.tables import metadata
from console.read_model.update_tables import mrr_movements, stage_changes

DAY_S = 86_400
ROLLUPS = (mrr_days, mrr_cohorts, stage_stays)


def everything(connection, table):
    return [dict(row) for row in connection.execute(select(table)).mappings()]


def sums(connection):
    return {
        table.name: {tuple(row) for row in connection.execute(select(table))} for table in ROLLUPS
    }


def movement(
    number, subject, at, before, after, *, kind="expansion", currency="usd", origin="live"
):
    return {
        "id": f"m{number}",
        "currency": currency,
        "subject": subject,
        "livemode": True,
        "movement": kind,
        "delta_minor": round(Fraction(after) - Fraction(before)),
        "delta_exact": str(Fraction(after) - Fraction(before)),
        "before_exact": before,
        "after_minor": round(Fraction(after)),
        "after_exact": after,
        "origin": origin,
        "subscription": None,
        "effective_at": at,
    }


def change(number, subject, at, previous, stage):
    return {
        "id": f"s{number}",
        "subject": subject,
        "livemode": True,
        "sequence": f"000000:{number:016d}",
        "index": 0,
        "previous": previous,
        "stage": stage,
        "effective_at": at,
    }


@pytest.fixture
def empty():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection


def put(connection, *, movements=(), changes=()):
    roll_up(connection, movements=movements, changes=changes)
    for table, rows in ((mrr_movements, movements), (stage_changes, changes)):
        if rows:
            connection.execute(insert(table), list(rows))


def test_a_year_is_summed_by_day_exactly(filled):
    expected = defaultdict(Counter)
    with filled.connect() as connection:
        for each in everything(connection, mrr_movements):
            is_restated = each["origin"] in {"settings", "correction"}
            day = each["effective_at"] // DAY_S
            key = (each["livemode"], each["currency"], day, each["movement"], is_restated)
            expected[key].update(delta=Fraction(each["delta_exact"]), movements=1)
        found = {
            (it["livemode"], it["currency"], it["day"], it["movement"], it["is_restated"]): {
                "delta": Fraction(it["delta_exact"]),
                "movements": it["movements"],
            }
            for it in everything(connection, mrr_days)
        }

    assert found
    assert found == {key: dict(values) for key, values in expected.items()}


def test_cohorts_hold_every_account_once_and_every_movement(filled):
    with filled.connect() as connection:
        movements, cohorts = (
            everything(connection, mrr_movements),
            everything(connection, mrr_cohorts),
        )
    firsts = {}
    for each in movements:
        key = (each["currency"], each["livemode"], each["subject"])
        firsts[key] = min(firsts.get(key, each["effective_at"]), each["effective_at"])

    came = Counter((live, money, month_of(at)) for (money, live, _), at in firsts.items())
    assert came == {key: count for key, count in _summed(cohorts, "accounts").items() if count}
    deltas = defaultdict(Fraction)
    for each in movements:
        cohort = month_of(firsts[each["currency"], each["livemode"], each["subject"]])
        deltas[each["livemode"], each["currency"], cohort] += Fraction(each["delta_exact"])
    assert _summed(cohorts, "delta_exact") == deltas


def _summed(cohorts, name):
    found = defaultdict(Fraction)
    for each in cohorts:
        found[each["livemode"], each["currency"], each["cohort"]] += Fraction(each[name])
    return found


def test_any_order_and_any_batches_give_the_same_sums(filled):
    with filled.connect() as connection:
        whole = sums(connection)
        movements, changes = (
            everything(connection, mrr_movements),
            everything(connection, stage_changes),
        )
    draw = random.Random(8)  # noqa: S311 - an order to try, no secret
    draw.shuffle(movements)
    draw.shuffle(changes)
    engine = create_engine("sqlite://")
    metadata.create_all(engine)

    with engine.begin() as connection:
        for begin in range(0, max(len(movements), len(changes)), 37):
            put(
                connection,
                movements=movements[begin : begin + 37],
                changes=changes[begin : begin + 37],
            )
        again = sums(connection)

    assert again == whole


def test_a_movement_that_comes_late_moves_its_account_to_an_earlier_cohort(empty):
    march, may = 1_772_500_000, 1_777_800_000
    put(empty, movements=[movement(1, "a", may, "0", "100", kind="new")])
    put(empty, movements=[movement(2, "a", march, "0", "1/3", kind="opening")])

    found = {
        (it["cohort"], it["month"], it["movement"]): (it["delta_exact"], it["accounts"])
        for it in everything(empty, mrr_cohorts)
    }
    assert found == {
        (month_of(march), month_of(march), "opening"): ("1/3", 1),
        (month_of(march), month_of(may), "new"): ("100", 0),
    }


def test_what_new_settings_or_a_correction_told_is_apart(empty):
    put(
        empty,
        movements=[
            movement(1, "a", 0, "0", "100", kind="new"),
            movement(2, "a", 0, "100", "150", origin="settings"),
            movement(3, "a", 0, "150", "130", origin="correction"),
        ],
    )

    found = {(it["is_restated"], it["delta_exact"]) for it in everything(empty, mrr_days)}
    assert found == {(False, "100"), (True, "30")}


def test_accounts_that_come_to_pay_and_cease_to_are_counted_by_exact_amounts(empty):
    put(
        empty,
        movements=[
            movement(1, "a", 0, "0", "1/3", kind="new"),
            movement(2, "b", 0, "0", "500", kind="new"),
            movement(3, "a", 0, "1/3", "0", kind="churn"),
        ],
    )

    found = {it["movement"]: (it["gained"], it["lost"]) for it in everything(empty, mrr_days)}
    assert found == {"new": (2, 0), "churn": (0, 1)}


def test_a_stay_ends_with_the_next_stage_also_within_a_second(empty):
    put(empty, changes=[change(1, "a", 10 * DAY_S, None, "Trial")])
    put(
        empty,
        changes=[
            change(2, "a", 24 * DAY_S + 5, "Trial", "Customer"),
            change(3, "a", 24 * DAY_S + 5, "Customer", None),
        ],
    )

    found = {
        (it["day"], it["stage"], it["next"], it["days"], it["stays"])
        for it in everything(empty, stage_stays)
    }
    assert found == {
        (10, "Trial", "Customer", 14, 1),
        (24, "Customer", NO_STAGE, 0, 1),
        (24, NO_STAGE, "", 0, 1),
    }
