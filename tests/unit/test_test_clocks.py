"""Customers of Stripe's test clocks: their time is the clock's, whatever `created` says.

Made by hand after Stripe's example of an event of such a subscription (`created` is real time, the
object's times are the clock's) and of a clock's own events.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import orjson
import pytest

from build import ANA, customer, event, invoice, item, price, record, subscription
from schemas.records import Kind
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationTriggered
from streams.clocks import CLOCKS_MAX, NO_CLOCKS, STEPS_MAX, ClockSeen
from streams.event_files import Found
from streams.fold_files import Folding
from streams.pipeline import Outcome, step
from streams.reading import tick_value

DAY = 86_400
REAL = 1_795_000_000
"""When all of it is tried, by real time."""
PAST, AHEAD = REAL - 900 * DAY, REAL + 900 * DAY
CLOCK = "clock_1"
REMINDER = {"automations": [{"name": "r", "on": "renewal_upcoming", "before": ["30d", "7d"]}]}
KEY = f"main/-/test/{ANA}"


def clock_event(name: str, frozen_time: int, *, at: int, id_: str = CLOCK, **more):
    thing = {"id": id_, "object": "test_helpers.test_clock", "frozen_time": frozen_time}
    type_ = f"test_helpers.test_clock.{name}"
    return {**event(type_, thing, at=REAL + at), "livemode": False, **more}


def of_clock(thing, *, at: int, clock=CLOCK, **more):
    """Its object lives by the clock."""
    return of_test({**thing, "test_clock": clock}, at=at, **more)


def of_test(thing, *, at: int, **more):
    names = {"invoice": "invoice.updated", "customer": "customer.updated"}
    type_ = names.get(thing["object"], "customer.subscription.updated")
    return {**event(type_, thing, at=REAL + at, **more), "livemode": False}


def yearly(start: int, **more):
    date = start + 365 * DAY
    usual = price(recurring={"interval": "year", "interval_count": 1})
    dates = {"current_period_start": start, "current_period_end": date}
    return subscription(
        items=[item(price=usual, **dates)], created=start, start_date=start, **dates, **more
    )


class Fold:
    def __init__(self, *, is_timed: bool = False) -> None:
        settings = SettingsInForce().followed_by(
            1, BusinessSettings.model_validate(REMINDER), at=REAL
        )
        self.folding = Folding(settings=settings, source="main", is_timed=is_timed)
        self.updates = []

    def take(self, *events, until: int | None = None):
        inputs = [Found(place="here", body=orjson.dumps(each)) for each in events]
        self.updates += [each.data for each in self.folding.run(inputs, until=until)]
        return self

    def moments(self, kind=AutomationTriggered):
        return [(each.due_at, each.late_by_s) for each in self.updates if isinstance(each, kind)]

    def row(self, key: str = KEY):
        return self.folding.rows[key]


def reminders(start: int):
    return [(iso(start + (365 - days) * DAY), 0) for days in (30, 7)]


@pytest.mark.parametrize("start", [PAST, AHEAD], ids=["past", "future"])
@pytest.mark.parametrize("clock", [CLOCK, {"id": CLOCK, "object": "test_helpers.test_clock"}])
def test_reminders_come_by_the_clock_wherever_it_stands(start, clock):
    fold = Fold().take(
        clock_event("created", start, at=0),
        of_clock(customer(created=start), at=1, clock=clock),
        of_clock(yearly(start), at=2, clock=clock),
    )
    assert fold.moments() == []
    assert fold.row().facts.at == start

    fold.take(clock_event("advancing", start, at=3), clock_event("ready", start + 340 * DAY, at=9))
    assert fold.moments() == reminders(start)[:1]

    fold.take(clock_event("ready", start + 364 * DAY, at=20))
    assert fold.moments() == reminders(start)
    assert fold.moments(AutomationSkipped) == []
    [state] = fold.folding.state(announced=False)
    assert state["customer"]["test_clock"] == CLOCK
    assert state["stage"]["since"] == iso(start)
    assert state["lifetime"]["first_seen_at"] == iso(start)


def test_a_jump_over_a_renewal_reminds_of_it_when_the_renewal_shows():
    after = yearly(AHEAD + 365 * DAY)
    fold = Fold().take(
        clock_event("created", AHEAD, at=0),
        of_clock(yearly(AHEAD), at=2),
        clock_event("advancing", AHEAD, at=3),
        of_clock({**after, "created": AHEAD, "start_date": AHEAD}, at=4),
        clock_event("ready", AHEAD + 366 * DAY, at=9),
    )

    assert fold.moments() == reminders(AHEAD)
    assert fold.row().facts.at == AHEAD + 365 * DAY


@pytest.mark.parametrize("created", [REAL, AHEAD], ids=["real", "simulated"])
def test_created_may_be_real_or_simulated(created):
    fold = Fold().take(
        clock_event("created", AHEAD, at=0),
        of_clock(yearly(AHEAD), at=created - REAL + 2),
        clock_event("ready", AHEAD + 364 * DAY, at=9),
    )

    assert fold.moments() == reminders(AHEAD)


def test_the_wall_clock_does_not_move_such_a_customer_nor_such_a_customer_others():
    other = of_test({**yearly(REAL), "customer": "cus_other"}, at=5)
    later = of_test(customer("cus_else"), at=2_000 * DAY)
    fold = Fold(is_timed=True).take(
        clock_event("created", AHEAD, at=0), of_clock(yearly(AHEAD), at=2), other
    )
    fold.take(clock_event("ready", AHEAD + 340 * DAY, at=9))
    assert fold.moments() == reminders(AHEAD)[:1]

    fold.take(later, until=REAL + 4_000 * DAY)
    assert sorted(fold.moments()) == sorted([*reminders(AHEAD)[:1], *reminders(REAL)])
    assert fold.row().facts.at == AHEAD + 335 * DAY


@pytest.mark.parametrize(
    "moved",
    [
        clock_event("ready", AHEAD + 364 * DAY, at=9, livemode=True),
        clock_event("ready", AHEAD + 364 * DAY, at=9, id_="clock_2"),
        clock_event("ready", AHEAD + 364 * DAY, at=9, account="acct_9"),
        clock_event("internal_failure", AHEAD + 364 * DAY, at=9),
    ],
    ids=["live", "other", "account", "failed"],
)
def test_only_its_own_clock_moves_a_customer(moved):
    fold = Fold().take(clock_event("created", AHEAD, at=0), of_clock(yearly(AHEAD), at=2), moved)

    assert fold.moments() == []


def test_live_customers_have_no_test_clock_whatever_they_show():
    live = {**of_clock(yearly(PAST), at=2), "livemode": True}
    fold = Fold().take(clock_event("ready", PAST + 364 * DAY, at=0), live)

    assert fold.row(f"main/-/live/{ANA}").clock is None
    assert fold.row(f"main/-/live/{ANA}").facts.at == REAL + 2


def test_a_clock_is_known_by_an_invoice_and_what_came_before_by_real_time_is_forgotten():
    first = of_test(invoice(created=AHEAD), at=1)
    fold = Fold().take(
        clock_event("created", PAST, at=0), first, of_clock(invoice(created=PAST), at=2)
    )

    assert fold.row().clock == CLOCK
    assert fold.row().facts.at == PAST


def test_a_repeated_clock_counts_once_and_nothing_comes_twice():
    ready = clock_event("ready", AHEAD + 364 * DAY, at=9)
    fold = Fold().take(clock_event("created", AHEAD, at=0), of_clock(yearly(AHEAD), at=2))
    fold.take(ready, ready)

    assert fold.moments() == reminders(AHEAD)
    assert "1 duplicate" in fold.folding.summary()
    assert "2 of test clocks" in fold.folding.summary()


def test_a_late_event_is_told_at_the_time_that_its_clock_showed_then():
    trial = {**yearly(AHEAD), "status": "trialing", "trial_end": AHEAD + 14 * DAY}
    fold = Fold().take(
        clock_event("created", AHEAD, at=0),
        clock_event("ready", AHEAD + 20 * DAY, at=9),
        of_clock(yearly(AHEAD), at=12),
        of_clock(trial, at=2),
    )

    assert fold.row().facts.subscriptions["sub_basic"].history == (
        (AHEAD, "trialing", True),
        (AHEAD + 20 * DAY, "active", True),
    )


@pytest.mark.parametrize("frozen", [None, "soon", -1, 10**12])
def test_a_clock_without_a_time_is_a_dead_letter(frozen):
    fold = Fold().take(clock_event("ready", frozen, at=0))

    assert fold.folding.complaints == [
        f"here: {fold.folding.complaints[0].split(': ')[1]}: dead letter: bad_object: "
        "frozen_time: not a whole number"
    ]


def test_a_deleted_clock_stands_where_it_stood_and_shows_no_more_than_its_id():
    gone = clock_event("deleted", 0, at=20)
    del gone["data"]["object"]["frozen_time"]
    fold = Fold().take(clock_event("created", AHEAD, at=0), of_clock(yearly(AHEAD), at=2), gone)
    state = fold.folding.clocks.get("main/-/test/-/clock_1")

    assert (state.is_deleted, state.frozen_time) == (True, AHEAD)


def seen(number: int, frozen: int, key: str = "c", **more) -> ClockSeen:
    return ClockSeen(key=key, event_id=f"evt_{number}", at=number, frozen_time=frozen, **more)


def test_a_clock_stands_the_same_in_any_order_of_its_events():
    events = [seen(1, 100), seen(2, 100), seen(3, 200), seen(4, 300, is_deleted=True)]
    found = set()
    for order in permutations(events):
        clocks = NO_CLOCKS
        for each in (*order, order[0]):
            clocks = clocks.joined(each)
        state = clocks.get("c")
        found.add((state.steps, state.is_deleted))

    assert found == {(((1, 100), (3, 200), (4, 300)), True)}


def test_clocks_have_bounds_and_deleted_ones_go_first():
    clocks = NO_CLOCKS.joined(seen(0, 10**9, "gone", is_deleted=True))
    for number in range(CLOCKS_MAX):
        clocks = clocks.joined(seen(number, 1_000 + number, f"c{number}"))
    for number in range(STEPS_MAX + 5):
        clocks = clocks.joined(seen(number, 5_000 + number, "c9"))

    assert len(clocks.states) == CLOCKS_MAX
    assert "gone" not in clocks.states
    assert len(clocks.get("c9").steps) == STEPS_MAX


@pytest.mark.parametrize(
    ("mode", "shown", "ticked", "outcome"),
    [
        ("test", CLOCK, CLOCK, Outcome.FOLDED),
        ("test", CLOCK, "clock_2", Outcome.IGNORED),
        ("test", CLOCK, None, Outcome.IGNORED),
        ("test", None, CLOCK, Outcome.IGNORED),
        ("live", CLOCK, CLOCK, Outcome.IGNORED),
    ],
)
def test_a_tick_years_ahead_is_believed_of_the_rows_own_test_clock(mode, shown, ticked, outcome):
    key, settings = f"main/-/{mode}/{ANA}", SettingsInForce()
    row = step(None, record(of_clock(yearly(PAST), at=0, clock=shown), key=key), settings).row
    due_at = PAST + 335 * DAY
    tick = record(tick_value(due_at, ticked), 1, kind=Kind.TICK, key=key)

    done = step(row, replace(tick, timestamp_ms=(PAST - 900 * DAY) * 1000), settings)

    assert done.outcome is outcome


def test_a_tick_of_a_clock_that_is_no_text_is_a_dead_letter():
    tick = record({"due_at": 1, "clock": 7}, kind=Kind.TICK, key=KEY)

    assert step(None, tick, SettingsInForce()).outcome is Outcome.DEAD_LETTERED
