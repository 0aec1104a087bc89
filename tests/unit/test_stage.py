from __future__ import annotations

from itertools import product

import pytest

from build import BASIC, START, deleted, event, item, price, subscription, updated
from scenario import given
from schemas.presets import PRESETS
from schemas.settings import STRIPE_STATUSES, Business, BusinessSettings
from schemas.updates import StageChanged

DAY = 86_400


def created(thing, **more):
    return event("customer.subscription.created", thing, **more)


def stage_of(seen):
    return seen.state.stage.name if seen.state.stage else None


def two(one, other, settings, **marks):
    """Two subscriptions in the order in which they were made; the first has the marks."""
    first = subscription("sub_1", one, metadata=marks)
    return given(created(first), settings=settings).when(created(subscription("sub_2", other)))


def deciding(stages):
    """Statuses that have a stage, and may decide: what never started only for want of others."""
    known = [status for status in stages if stages[status]]
    return [status for status in known if not status.startswith("incomplete")] or known


def rules(*rules):
    names = list(dict.fromkeys(name for name, _ in rules))
    told = [{"name": name, "when": when} for name, when in rules]
    return BusinessSettings.model_validate({"stages": {"precedence": names, "rules": told}})


FUTURE = "a_status_of_the_future"
ALONE = {
    # status              basic      lifecycle
    "trialing": ("Trial", "Trial"),
    "active": ("Customer", "Customer"),
    "incomplete": ("Customer", "Pending"),
    "incomplete_expired": ("Customer", "Lost"),
    "past_due": ("Customer", "At risk"),
    "unpaid": ("Customer", "Churned"),
    "paused": (None, "Paused"),
    "canceled": ("Churn", "Lost"),  # in the second in which it was made: never paid
    FUTURE: (None, None),
}
PAIRS = list(product(ALONE, repeat=2))
BASIC_RULES, LIFECYCLE = (BusinessSettings(stages=PRESETS[name]) for name in ("basic", "lifecycle"))


def between(mode, settings):
    stages = settings.stages.model_copy(update={"between": mode})
    return settings.model_copy(update={"stages": stages})


def test_every_status_of_stripes_is_in_the_tables():
    assert {*STRIPE_STATUSES, FUTURE} == set(ALONE)


@pytest.mark.parametrize("status", ALONE)
@pytest.mark.parametrize(("column", "settings"), [(0, BASIC_RULES), (1, LIFECYCLE)])
def test_a_preset_says_the_stage_of_each_status(column, settings, status):
    seen = given(settings=settings).when(created(subscription(status=status)))

    assert stage_of(seen) == ALONE[status][column]


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize(("column", "settings"), [(0, BASIC_RULES), (1, LIFECYCLE)])
def test_between_two_subscriptions_precedence_decides(column, settings, one, other):
    stages = {status: ALONE[status][column] for status in (one, other)}
    expected = min(
        (stages[status] for status in deciding(stages)),
        key=settings.stages.precedence.index,
        default=None,
    )

    assert stage_of(two(one, other, settings)) == expected


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize(("column", "settings"), [(0, BASIC_RULES), (1, LIFECYCLE)])
def test_the_latest_that_has_a_stage_decides_where_that_is_the_rule(column, settings, one, other):
    stages = {status: ALONE[status][column] for status in (one, other)}
    last = [status for status in (one, other) if status in deciding(stages)][-1:]
    seen = two(one, other, between("latest", settings))

    assert stage_of(seen) == (stages[last[0]] if last else None)


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize(("column", "settings"), [(0, BASIC_RULES), (1, LIFECYCLE)])
def test_the_primary_decides_where_that_is_the_rule(column, settings, one, other):
    stages = {status: ALONE[status][column] for status in (one, other)}
    whoever = stage_of(two(one, other, settings))
    main = stages[one] if one in deciding(stages) else whoever
    primary = between("primary", settings)

    assert stage_of(two(one, other, primary, primary="yes")) == main
    assert stage_of(two(one, other, primary)) == whoever


@pytest.mark.parametrize("word", ["", "false", "0", "no", "No", " FALSE "])
def test_a_subscription_marked_with_a_no_is_not_the_primary(word):
    seen = two("trialing", "active", between("primary", LIFECYCLE), primary=word)

    assert stage_of(seen) == "Customer"


def test_of_several_primary_ones_precedence_decides():
    marked = {"main": "1"}
    settings = between("primary", LIFECYCLE).model_copy(
        update={"business": Business(primary="metadata:main")}
    )
    seen = given(
        updated(subscription("sub_1", "past_due", metadata=marked)),
        updated(subscription("sub_2", "trialing", metadata=marked)),
        settings=settings,
    ).when(updated(subscription("sub_3", "active")))

    assert (stage_of(seen), seen.state.stage.subscription) == ("At risk", "sub_1")


def test_the_latest_is_the_newest_by_creation_then_by_id():
    settings = between("latest", BASIC_RULES)
    seen = given(
        updated(subscription("sub_a", "active", created=START + 5)),
        updated(subscription("sub_b", "trialing", created=START + 5)),
        settings=settings,
    ).when(updated(subscription("sub_c", "canceled")))

    assert seen.state.stage.subscription == "sub_b"


def test_a_status_without_rule_keeps_the_stage_of_the_last_status_that_has_one():
    seen = given(updated(subscription(status="trialing"), at=START)).when(
        updated(subscription(status="paused"), at=START + 10)
    )

    assert seen.state.stage.name == "Trial"
    assert seen.told(StageChanged) == []


def test_a_change_says_what_was_what_is_and_why():
    seen = given(updated(subscription(status="trialing"), at=START)).when(
        updated(subscription(status="active"), at=START + 60)
    )
    [change] = seen.told(StageChanged)

    assert (change.previous, change.stage, change.rule) == ("Trial", "Customer", "Customer")
    assert (change.subscription, change.status) == (BASIC, "active")
    assert change.since == change.effective_at == "2027-01-15T08:01:00Z"


def test_a_renewal_does_not_move_since():
    seen = given(
        updated(subscription(status="trialing"), at=START),
        updated(subscription(status="active"), at=START + 60),
    ).when(updated(subscription(status="active"), at=START + 9_999))

    assert seen.state.stage.since == "2027-01-15T08:01:00Z"


def test_a_canceled_subscription_beside_a_live_one_is_no_churn():
    seen = given(
        updated(subscription("sub_1")),
        updated(subscription("sub_2")),
    ).when(deleted(subscription("sub_2", "canceled"), at=START + 5))

    assert seen.state.stage.name == "Customer"
    assert seen.told(StageChanged) == []


def test_of_two_rules_that_name_a_status_the_first_in_the_file_decides():
    settings = rules(
        ("Late", {"status": ["past_due"]}), ("Customer", {"status": ["active", "past_due"]})
    )
    seen = given(settings=settings).when(updated(subscription(status="past_due")))

    assert seen.state.stage.name == "Late"


def test_rules_may_look_at_what_is_sold():
    settings = rules(
        ("Enterprise", {"status": "active", "price": "price_big"}),
        ("Customer", {"status": "active"}),
    )
    big = subscription(items=[item(), item("si_2", price=price(id="price_big"))])
    start = given(settings=settings)

    assert stage_of(start.when(updated(subscription()))) == "Customer"
    assert stage_of(start.when(updated(big, at=START + 1))) == "Enterprise"


def test_a_rule_whose_other_conditions_fail_gives_no_stage():
    settings = rules(("Gold", {"status": "active", "metadata": {"tier": "gold"}}))
    seen = given(settings=settings).when(updated(subscription()))

    assert stage_of(seen) is None
    assert not seen.state.subscriptions[0].is_unmapped


def test_the_second_rule_of_a_name_is_told_by_its_number():
    over = subscription(status="canceled", ended_at=START + DAY)
    seen = given(settings=LIFECYCLE).when(deleted(over, at=START + DAY))
    [change] = seen.told(StageChanged)

    assert (change.stage, change.rule) == ("Churned", "Churned#2")


def test_who_paid_churns_and_who_never_did_is_lost():
    trial = given(updated(subscription(status="trialing")), settings=LIFECYCLE)
    payer = given(updated(subscription()), settings=LIFECYCLE)
    free = subscription(items=[item(price=price(0))])
    guest = given(updated(free), settings=LIFECYCLE)
    over = {"status": "canceled", "ended_at": START + DAY}

    assert stage_of(trial.when(deleted(subscription(**over), at=START + DAY))) == "Lost"
    assert stage_of(payer.when(deleted(subscription(**over), at=START + DAY))) == "Churned"
    assert stage_of(guest.when(deleted({**free, **over}, at=START + DAY))) == "Lost"


def test_since_stays_through_years_of_updates_in_any_order():
    history = [updated(subscription(), at=START + number * 15 * 86_400) for number in range(200)]
    forth, back = given(*history), given(*reversed(history))

    for row in (forth, back):
        assert row.when(history[0]).state.stage.since == "2027-01-15T08:00:00Z"


def test_since_reaches_over_another_status_of_the_same_second():
    seen = given(
        updated(subscription(status="trialing"), id="evt_1"),
        updated(subscription(), was={"status": "trialing"}, id="evt_2"),
    ).when(updated(subscription(), at=START + 30 * 86_400))

    assert seen.state.stage.since == "2027-01-15T08:00:00Z"
