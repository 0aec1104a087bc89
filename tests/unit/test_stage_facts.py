"""Stages as a function of facts: statuses without rule, and since when."""

from __future__ import annotations

import pytest

from build import BASIC, START
from facts import Facts, entry, facts, sub
from projections.stage import stages_of, unknown_statuses
from schemas.presets import PRESETS
from schemas.settings import BusinessSettings
from schemas.standing import MrrView

DAY = 86_400
FUTURE = "a_status_of_the_future"
BASIC_RULES, LIFECYCLE = (BusinessSettings(stages=PRESETS[name]) for name in ("basic", "lifecycle"))


def rules(*rules):
    names = list(dict.fromkeys(name for name, _ in rules))
    told = [{"name": name, "when": when} for name, when in rules]
    return BusinessSettings.model_validate({"stages": {"precedence": names, "rules": told}})


def told_by(settings, one: Facts):
    return stages_of(one, settings, MrrView())


def test_a_status_without_rule_is_tried_as_the_latest_that_has_one_and_all_else_as_now():
    settings = rules(
        ("Gold", {"status": "trialing", "metadata": {"tier": "gold"}}),
        ("Trial", {"status": "trialing"}),
        ("Customer", {"status": "active"}),
    )
    seen = [(START, "active"), (START + 5, "trialing"), (START + 9, "paused")]
    plain = told_by(settings, facts(entry(sub(status="paused"), *seen)))
    gold = told_by(settings, facts(entry(sub(status="paused", metadata={"tier": "gold"}), *seen)))

    assert (plain.stage.name, plain.stage.since, plain.stage.status) == (
        "Trial",
        START + 5,
        "paused",
    )
    assert gold.stage.name == "Gold"
    assert plain.unmapped == {BASIC: "paused"}


def test_the_latest_named_status_counts_even_if_its_rule_asks_for_more():
    settings = rules(
        ("Gold", {"status": "trialing", "metadata": {"tier": "gold"}}),
        ("Customer", {"status": "active"}),
    )
    seen = [(START, "active"), (START + 5, "trialing"), (START + 9, "paused")]

    assert told_by(settings, facts(entry(sub(status="paused"), *seen))).stage is None


def test_statuses_of_one_second_are_in_the_usual_order_of_a_life():
    seen = [(START, "trialing"), (START, "past_due"), (START, "active"), (START + 9, FUTURE)]
    view = told_by(LIFECYCLE, facts(entry(sub(status=FUTURE), *seen)))

    assert view.stage.name == "At risk"


def test_a_status_stripe_did_not_have_is_unknown_unless_a_rule_names_it():
    world = facts(sub("sub_1", FUTURE), sub("sub_2", "paused"), sub("sub_3", FUTURE))

    assert unknown_statuses(told_by(BASIC_RULES, world)) == (FUTURE,)
    assert told_by(BASIC_RULES, world).unmapped == {
        "sub_1": FUTURE,
        "sub_2": "paused",
        "sub_3": FUTURE,
    }
    assert unknown_statuses(told_by(rules(("New", {"status": FUTURE})), world)) == ()
    assert told_by(rules(("Any", {"status": {"exists": True}})), world).unmapped == {}


@pytest.mark.parametrize(
    ("seen", "since"),
    [
        (["active"], 0),
        (["trialing", "active"], 1),
        (["active", "past_due", "active"], 0),
        (["active", "paused", "active"], 0),
        (["paused", "active"], 1),
        (["active", "trialing", "active"], 2),
        (["active", "canceled"], 1),
    ],
)
def test_since_goes_back_as_long_as_statuses_gave_the_stage(seen, since):
    days = [(START + number * DAY, status) for number, status in enumerate(seen)]
    view = told_by(BASIC_RULES, facts(entry(sub(status=seen[-1]), *days)))

    assert view.stage.since == START + since * DAY


def test_a_subscription_seen_late_has_been_in_its_stage_since_it_began():
    late = facts(entry(sub(trial_end=START + DAY), (START + 9 * DAY, "active")))

    assert told_by(BASIC_RULES, late).stage.since == START + DAY
