"""Given settings as people type them: nothing is lost, and faults stand at their field."""

from __future__ import annotations

import pytest

from console.web.settings_form import checked, edited, nested, typed_of, with_precedence
from schemas.automations import Automation
from schemas.presets import PRESETS
from schemas.settings import Business, BusinessSettings, Contact, Mrr, Stages

ODD = Stages.model_validate(
    {
        "precedence": ["A", "B"],
        "rules": [
            {
                "name": "A",
                "when": {
                    "metadata": {"tier, of": {"not": ["x, y", 'z "q"'], "exists": True}},
                    "price": {"contains": "pro", "not": ["price_1"]},
                },
            },
            {"name": "B", "when": {"mrr": {"at_least": 1, "less": 500}, "ever_paying": False}},
            {"name": "A", "when": {"status": ["active"], "quantity": {"any_of": [1, 2]}}},
        ],
    }
)
CONTENTS = [
    BusinessSettings(),
    BusinessSettings(stages=PRESETS["lifecycle"]),
    BusinessSettings(stages=ODD),
    BusinessSettings(
        contact=Contact(kind="user", match="metadata:crm:id", look_in=("subscription",)),
        business=Business(
            mrr="committed_mrr", renewal_date="metadata:ends", time_zone="Asia/Tokyo"
        ),
        mrr=Mrr(preset="net", count_past_due=False, discounts="all", days_per_month="365/12"),
    ),
    BusinessSettings(
        automations=(
            Automation(
                name="a",
                on="renewal_upcoming",
                before=("30d", "12h"),
                at="09:00",
                even_if_short=True,
                when=ODD.rules[0].when,
                late="skip",
                useful_until="3d",
            ),
            Automation(name="b", on="inactive_since", stage="Trial", after="30d"),
            Automation(name="c", on="mrr_expanded", by_at_least=100, per="customer"),
            Automation(name="d", on="customer_lost", grace="3d"),
        )
    ),
    BusinessSettings(automations=()),
]


def pairs(typed, path=""):
    """What a browser sends of a form that shows this."""
    items = typed.items() if isinstance(typed, dict) else enumerate(typed)
    for name, value in items:
        inner = f"{path}.{name}" if path else str(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value) and value:
            suffix = "[]" if name == "look_in" else ""
            for number, each in enumerate(value):
                yield (f"{inner}{suffix}" if suffix else f"{inner}.{number}"), each
        elif isinstance(value, dict | list):
            yield from pairs(value, inner)
        else:
            yield inner, value


@pytest.mark.parametrize("content", CONTENTS)
def test_what_a_form_shows_means_the_settings_that_it_shows(content):
    typed = typed_of(content)
    posted = {"automations": [], **nested(pairs(typed))}

    assert checked(typed).content == content
    assert checked(posted).content == content
    assert posted["stages"] == typed["stages"]


def changed(path, value):
    typed = typed_of(CONTENTS[4])
    place = typed
    *parts, last = path.split(".")
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value
    return checked(typed)


@pytest.mark.parametrize(
    ("path", "value", "at", "message"),
    [
        ("contact.match", "phone", "contact.match", "Must be one of"),
        ("business.time_zone", "Mars", "business.time_zone", ""),
        ("mrr.weeks_per_month", "4.3", "mrr.weeks_per_month", "exact fraction"),
        ("stages.precedence", ["Trial"], "stages", "Precedence leaves out"),
        ("stages.rules.0.name", "", "stages.rules.0.name", "at least 1 character"),
        ("stages.rules.0.when", [], "stages.rules.0.when", "Names no condition"),
        ("automations.0.before", "30days", "automations.0.before.0", "days or hours"),
        ("automations.0.at", "9", "automations.0.at", "time of day"),
        ("automations.1.after", "", "automations.1", "Inactive_since needs after"),
        ("automations.2.by_at_least", "much", "automations.2.by_at_least", "integer"),
        ("automations.1.name", "a", "automations", "nobody could tell them apart"),
        ("automations.1.stage", "Trail", "automations", "did you mean 'Trial'"),
    ],
)
def test_a_fault_is_told_at_its_field_in_the_words_of_the_settings(path, value, at, message):
    found = changed(path, value)

    assert found.content is None
    assert list(found.faults) == [at]
    assert message in found.faults[at][0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"field": "mrr", "operator": "at_least", "value": "ten"}, "integer"),
        ({"field": "status", "operator": "greater", "value": "5"}, "Extra inputs"),
        ({"field": "ever_paying", "operator": "any_of", "value": "maybe"}, "boolean"),
        ({"field": "currency", "operator": "any_of", "value": "USD"}, "small letters"),
        ({"field": "quantity", "operator": "any_of", "value": ""}, "name at least one"),
        ({"field": "shoe_size", "operator": "any_of", "value": "44"}, "Extra inputs"),
        ({"field": "metadata", "key": "", "operator": "any_of", "value": "a"}, "at least 1"),
        ({"field": "status", "operator": "any_of", "value": "paused"}, "such a line already"),
    ],
)
def test_a_fault_in_a_condition_is_told_at_its_line(line, message):
    typed = typed_of(BusinessSettings())
    typed["stages"]["rules"][1]["when"].append({"key": "", **line})

    found = checked(typed)

    assert found.content is None
    assert list(found.faults) == ["stages.rules.1.when.1"]
    assert message in found.faults["stages.rules.1.when.1"][0]


def test_rules_and_lines_are_added_moved_and_taken_out():
    typed = typed_of(BusinessSettings())
    for command in ("add stages.rules", "up stages.rules 3", "remove stages.rules 0"):
        typed = edited(typed, command)
    typed = edited(typed, "add stages.rules.1.when")
    typed = edited(typed, "remove stages.rules.1.when 0")

    assert [each["name"] for each in typed["stages"]["rules"]] == ["Customer", "", "Churn"]
    assert len(typed["stages"]["rules"][1]["when"]) == 1


@pytest.mark.parametrize(
    "command",
    [
        "up stages.rules 0",
        "down stages.rules 2",
        "remove stages.rules 9",
        "remove stages.rules x",
        "add stages.nothing",
        "remove contact.kind 0",
        "add stages.rules.9.when",
        "jump stages.rules 1",
    ],
)
def test_what_cannot_be_done_leaves_all_as_it_is(command):
    assert edited(typed_of(BusinessSettings()), command) == typed_of(BusinessSettings())


def test_a_stage_that_is_renamed_keeps_a_place_and_a_new_one_comes_last():
    stages = typed_of(BusinessSettings())["stages"]
    stages["rules"][0]["name"] = "Probe"
    stages["rules"].append({"name": "Lost", "when": []})

    assert with_precedence(stages)["precedence"] == ["Customer", "Churn", "Probe", "Lost"]


def test_look_in_takes_several_and_keeps_none_when_none_is_ticked():
    posted = nested([("contact.look_in[]", "customer"), ("contact.look_in[]", "subscription")])

    assert posted == {"contact": {"look_in": ["customer", "subscription"]}}


def test_odd_names_of_fields_do_no_harm():
    assert nested([("a", "1"), ("a.b", "2"), ("", "3")]) == {"a": "1", "": "3"}
