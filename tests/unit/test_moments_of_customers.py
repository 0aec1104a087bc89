from __future__ import annotations

import pytest
from pydantic import ValidationError
from test_ahead import passed

from build import (
    BASIC,
    START,
    customer,
    deleted,
    event,
    fetched,
    invoice,
    item,
    price,
    subscription,
    updated,
)
from scenario import Seen, given
from schemas.settings import BusinessSettings
from schemas.times import iso
from schemas.updates import AutomationSkipped, AutomationTriggered

DAY = 86_400
ENDED = subscription(status="canceled", ended_at=START + 50)
TRIAL = subscription(status="trialing", trial_end=START + 14 * DAY, start_date=START)


def rule(on: str, **more: object) -> BusinessSettings:
    return BusinessSettings.model_validate({"automations": [{"name": "r", "on": on, **more}]})


def told(seen: Seen) -> list[AutomationTriggered]:
    return seen.told(AutomationTriggered)


def billed(at: int, kind: str = "updated", **more: object):
    return event(f"invoice.{kind}", invoice(**more), at=at)


def of_amount(amount: int, **more: object):
    return subscription(items=[item(price=price(amount))], **more)


@pytest.mark.parametrize(
    ("on", "kind", "expected"),
    [
        ("payment_failed", "failed", ["1", "2"]),
        ("payment_recovered", "recovered", ["3"]),
    ],
)
def test_payments_that_fail_and_come_after_all(on, kind, expected):
    start = given(updated(subscription()), settings=rule(on))
    retried = START + 99
    seen = [
        start.when(billed(START + 1, attempt_count=0)),
        start.when(billed(START + 2, attempt_count=1, next_payment_attempt=retried)),
        start.when(billed(START + 3, attempt_count=1, next_payment_attempt=retried)),
        start.when(billed(START + 4, "payment_failed", attempt_count=2)),
        start.when(billed(START + 5, status="paid", attempt_count=3)),
    ]
    fired = [trigger for each in seen for trigger in told(each)]

    assert [each.details["attempt"] for each in fired] == expected
    assert {each.subscription for each in fired} == {BASIC}
    if kind == "failed":
        assert fired[0].details["next_attempt_at"] == iso(START + 99)
        assert (fired[0].details["amount_due"], fired[0].details["currency"]) == ("2000", "usd")


def test_a_payment_that_came_at_once_has_not_recovered():
    start = given(updated(subscription()), settings=rule("payment_recovered"))
    start.when(billed(START + 1, attempt_count=0))

    assert told(start.when(billed(START + 2, status="paid"))) == []


@pytest.mark.parametrize(
    ("on", "before", "after", "expected"),
    [
        ("mrr_expanded", 2000, 3000, {"usd": "1000"}),
        ("mrr_expanded", 2000, 2400, None),
        ("mrr_expanded", 0, 3000, None),
        ("mrr_contracted", 2000, 1000, {"usd": "-1000"}),
        ("mrr_contracted", 2000, 3000, None),
        ("mrr_contracted", 2000, 0, None),
    ],
)
@pytest.mark.parametrize("per", ["subscription", "customer"])
def test_mrr_that_grows_or_shrinks_by_as_much(on, before, after, expected, per):
    start = given(updated(of_amount(before)), settings=rule(on, by_at_least=500, per=per))
    fired = told(start.when(updated(of_amount(after), at=START + 5)))

    assert [each.details for each in fired] == ([expected] if expected else [])
    assert all(each.scope == per for each in fired)
    assert all(each.subscription == (BASIC if per == "subscription" else None) for each in fired)


def test_stages_are_entered_and_left():
    both = BusinessSettings.model_validate(
        {
            "automations": [
                {"name": "in", "on": "stage_entered", "stage": "Customer"},
                {"name": "out", "on": "stage_left", "stage": "Trial"},
                {"name": "other", "on": "stage_entered", "stage": "Churn"},
            ]
        }
    )
    start = given(updated(TRIAL), settings=both)
    seen = start.when(updated(subscription(), at=START + 5))

    assert [each.automation for each in told(seen)] == ["in", "out"]
    assert told(seen)[0].details == {"previous": "Trial", "stage": "Customer"}
    assert told(seen)[0].scope == "customer"


def test_a_stage_that_was_there_before_the_source_was_connected_is_no_news():
    start = given(settings=rule("stage_entered", stage="Customer"))
    seen = start.when(fetched(subscription(start_date=START), at=START + 9 * DAY))

    assert told(seen) == []
    assert seen.state.stage is not None


def test_nothing_happens_for_so_long_in_a_stage():
    start = given(
        updated(subscription()), settings=rule("inactive_since", stage="Customer", after="30d")
    )
    start.when(updated(customer(), at=START + 10 * DAY))

    assert start.row.due_at == START + 40 * DAY
    assert told(passed(start, START + 39 * DAY)) == []
    [fired] = told(passed(start, START + 40 * DAY))
    assert (fired.due_at, fired.details) == (
        iso(START + 40 * DAY),
        {"last_event_at": iso(START + 10 * DAY)},
    )
    assert told(passed(start, START + 41 * DAY)) == []
    assert start.row.due_at is None


def test_inactivity_is_told_also_when_the_next_record_is_an_event():
    start = given(
        updated(subscription()), settings=rule("inactive_since", stage="Customer", after="30d")
    )

    assert len(told(start.when(updated(customer(), at=START + 31 * DAY)))) == 1


@pytest.mark.parametrize(("on", "fires"), [("Trial", 0), ("Customer", 1)])
def test_inactivity_counts_in_its_stage_alone(on, fires):
    start = given(updated(subscription()), settings=rule("inactive_since", stage=on, after="1d"))

    assert len(told(passed(start, START + DAY))) == fires


def test_a_customer_is_lost_with_its_last_subscription():
    start = given(
        updated(subscription()), updated(subscription("sub_2")), settings=rule("customer_lost")
    )
    first = start.when(deleted(ENDED, at=START + 50))
    second = subscription("sub_2", "canceled", ended_at=START + 60)
    [fired] = told(start.when(deleted(second, at=START + 60)))

    assert told(first) == []
    assert (fired.scope, fired.subscription, fired.due_at) == ("customer", None, iso(START + 60))
    assert told(start.when(updated(customer(), at=START + 70))) == []


def test_within_the_time_of_grace_a_customer_may_come_back():
    settings = rule("customer_lost", grace="1h")
    start = given(updated(subscription()), deleted(ENDED, at=START + 50), settings=settings)
    other = given(updated(subscription()), deleted(ENDED, at=START + 50), settings=settings)
    start.when(updated(subscription("sub_2"), at=START + 100))

    assert other.row.due_at == START + 50 + 3_600
    assert told(passed(start, START + DAY)) == []
    assert [each.due_at for each in told(passed(other, START + DAY))] == [iso(START + 3_650)]


def test_what_was_never_paid_is_no_loss():
    lost = {**ENDED, "trial_end": START + 60}
    start = given(updated(TRIAL), settings=rule("customer_lost"))

    assert told(start.when(deleted(lost, at=START + 50))) == []


@pytest.mark.parametrize(
    ("before", "end", "expected"),
    [
        (TRIAL, {**ENDED, "trial_end": START + 14 * DAY}, ["trial_lost"]),
        (
            subscription(status="incomplete"),
            subscription(status="incomplete_expired", ended_at=START + 50),
            ["never_started"],
        ),
        (subscription(), ENDED, ["subscription_canceled"]),
    ],
)
def test_an_end_is_of_one_kind(before, end, expected):
    names = ("trial_lost", "never_started", "subscription_canceled")
    settings = BusinessSettings.model_validate(
        {"automations": [{"name": on, "on": on} for on in names]}
    )
    seen = given(updated(before), settings=settings).when(deleted(end, at=START + 50))

    assert [each.automation for each in told(seen)] == expected


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("needs stage", {"on": "stage_entered"}),
        ("needs after", {"on": "inactive_since", "stage": "Trial"}),
        ("no stage 'Tril'", {"on": "stage_left", "stage": "Tril"}),
        ("takes no grace", {"on": "trial_lost", "grace": "1h"}),
        ("takes no per", {"on": "trial_lost", "per": "customer"}),
        ("takes no by_at_least", {"on": "plan_changed", "by_at_least": 5}),
    ],
)
def test_words_that_a_moment_does_not_take_are_refused(fault, words):
    with pytest.raises(ValidationError, match=fault):
        rule(**words)


def test_a_customer_that_was_lost_before_the_source_was_connected_is_no_news():
    start = given(settings=rule("customer_lost"))

    assert told(start.when(fetched(ENDED, at=START + 9 * DAY))) == []


def test_a_customer_that_only_tried_again_is_not_lost_twice():
    start = given(updated(subscription()), settings=rule("customer_lost"))
    lost = start.when(deleted(ENDED, at=START + 50))
    start.when(updated(subscription("sub_2", "trialing", trial_end=START + 90), at=START + 60))
    over = subscription("sub_2", "canceled", trial_end=START + 90, ended_at=START + 70)

    assert len(told(lost)) == 1
    assert told(start.when(deleted(over, at=START + 70))) == []


@pytest.mark.parametrize(("finalized", "failed"), [("evt_b", "evt_a"), ("evt_a", "evt_b")])
@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_first_try_fails_in_the_second_in_which_it_is_finalized(finalized, failed, is_in_order):
    both = BusinessSettings.model_validate(
        {"automations": [{"name": on, "on": on} for on in ("payment_failed", "payment_recovered")]}
    )
    start = given(updated(subscription()), settings=both)
    first = event("invoice.finalized", invoice(attempt_count=0), at=START + 5, id=finalized)
    second = event("invoice.payment_failed", invoice(attempt_count=1), at=START + 5, id=failed)
    seen = [start.when(each) for each in ((first, second) if is_in_order else (second, first))]
    seen.append(start.when(billed(START + DAY, "paid", status="paid", attempt_count=2)))
    names = [trigger.automation for each in seen for trigger in told(each)]

    assert names == ["payment_failed", "payment_recovered"]


def test_a_payment_that_is_under_way_has_neither_failed_nor_recovered():
    both = BusinessSettings.model_validate(
        {"automations": [{"name": on, "on": on} for on in ("payment_failed", "payment_recovered")]}
    )
    start = given(updated(subscription()), settings=both)
    seen = [
        start.when(billed(START + 1, "finalized", attempt_count=0)),
        start.when(billed(START + 2, attempt_count=1)),
        start.when(billed(START + 3 * DAY, "paid", status="paid", attempt_count=1)),
    ]

    assert [told(each) for each in seen] == [[], [], []]


def test_an_invoice_may_come_before_its_subscription():
    start = given(settings=rule("payment_failed"))
    start.when(billed(START, "payment_failed", attempt_count=1))
    created = event(
        "customer.subscription.created", subscription(status="incomplete"), at=START, id="evt_z"
    )

    assert [each.details["attempt"] for each in told(start.when(created))] == ["1"]


def test_a_deleted_customer_is_lost_once_whatever_its_subscription_says_later():
    start = given(updated(subscription()), settings=rule("customer_lost"))
    gone = start.when(deleted(customer(), at=START + 1000))
    late = subscription(status="canceled", ended_at=START + 999)

    assert len(told(gone)) == 1
    assert told(start.when(deleted(late, at=START + 999))) == []


@pytest.mark.parametrize("announce", ["from_now_on", "now", "silent"])
def test_a_change_of_rules_is_no_moment(announce):
    moments = [
        {"name": "in", "on": "stage_entered", "stage": "Customer"},
        {"name": "more", "on": "mrr_expanded"},
    ]
    start = given(
        updated(of_amount(2000, status="past_due")),
        settings=BusinessSettings.model_validate(
            {"automations": moments, "mrr": {"count_past_due": False}}
        ),
    )
    content = BusinessSettings.model_validate({"automations": moments})
    start.settings = start.settings.followed_by(2, content, at=START + 5, announce=announce)
    seen = start.when(updated(customer(), at=START + 9))

    assert told(seen) == []
    origins = {each.origin for each in seen.updates if each.TYPE == "customer.mrr_changed"}
    assert origins == (set() if announce == "silent" else {"settings"})


@pytest.mark.parametrize(("age", "fires"), [(2 * DAY, True), (4 * DAY, False)])
def test_what_is_seen_first_long_after_it_was_so_is_held_back(age, fires):
    settings = BusinessSettings.model_validate(
        {
            "automations": [
                {"name": "in", "on": "stage_entered", "stage": "Churn"},
                {"name": "gone", "on": "subscription_canceled"},
                {"name": "lost", "on": "customer_lost"},
            ]
        }
    )
    over = subscription(status="canceled", ended_at=START, start_date=START - 90 * DAY)
    seen = given(settings=settings).when(updated(over, at=START + age))
    held = seen.told(AutomationSkipped)

    assert len(told(seen)) == (3 if fires else 0)
    assert [each.reason for each in held] == [] if fires else ["past_at_first_sight"] * 3


def test_a_longer_silence_is_not_told_again():
    start = given(
        updated(subscription()), settings=rule("inactive_since", stage="Customer", after="30d")
    )
    assert len(told(passed(start, START + 30 * DAY))) == 1
    content = rule("inactive_since", stage="Customer", after="60d")
    start.settings = start.settings.followed_by(2, content, at=START + 31 * DAY)

    assert told(passed(start, START + 60 * DAY)) == []


def test_what_we_fetch_ourselves_is_no_activity():
    start = given(
        updated(subscription()), settings=rule("inactive_since", stage="Customer", after="30d")
    )
    start.when(fetched(subscription(), at=START + 20 * DAY))

    assert start.row.due_at == START + 30 * DAY


def test_a_trigger_names_no_other_subscriptions_date():
    other = subscription("sub_2", items=[item(current_period_end=START + 90 * DAY)])
    start = given(updated(subscription()), updated(other), settings=rule("subscription_canceled"))
    [fired] = told(start.when(deleted(ENDED, at=START + 50)))

    assert fired.renews_at is None
