from __future__ import annotations

import orjson
import pytest

from build import ANA, START, customer, deleted, event, item, record, subscription, updated
from scenario import given
from schemas.errors import DeadLetterReason
from schemas.records import Kind
from schemas.settings import BusinessSettings, SettingsInForce, SettingsRecord
from streams.pipeline import Outcome, step
from streams.reading import read_settings
from streams.restating import resettled


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", DeadLetterReason.NOT_JSON),
        (b"[1, 2]", DeadLetterReason.NOT_JSON),
        (b'{"a": NaN}', DeadLetterReason.NOT_JSON),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, DeadLetterReason.NOT_JSON),
        (b'{"hello": 1}', DeadLetterReason.NOT_AN_EVENT),
        (b'{"object": "event", "type": 7}', DeadLetterReason.NOT_AN_EVENT),
        (b'{"object": "event", "type": "customer.updated"}', DeadLetterReason.NOT_AN_EVENT),
        (updated(subscription(status=7)), DeadLetterReason.BAD_OBJECT),
        (updated(subscription(customer="cus_other")), DeadLetterReason.BAD_OBJECT),
        (updated(customer("cus_other")), DeadLetterReason.BAD_OBJECT),
        (updated(subscription(items=[item(quantity=1.5)])), DeadLetterReason.BAD_OBJECT),
        (updated(subscription(created=2**41)), DeadLetterReason.BAD_OBJECT),
    ],
)
def test_what_cannot_be_folded_is_dead_lettered_with_its_reason(body, reason):
    seen = given(updated(subscription())).when(body)

    assert seen.outcome is Outcome.DEAD_LETTERED
    assert seen.done.error is not None
    assert seen.done.error.reason is reason
    assert (seen.done.row, seen.updates) == (None, [])


def test_a_dead_letters_words_never_show_a_value():
    seen = given().when(updated(subscription(status={"secret": "ana@example.com"})))

    assert "ana@example.com" not in str(seen.done.error)
    assert "status" in str(seen.done.error)


def test_an_amount_that_no_integer_holds_is_refused_not_rounded():
    terms = orjson.loads(orjson.dumps(updated(subscription())))
    terms["data"]["object"]["items"]["data"][0]["price"]["unit_amount"] = 2**70 * 1.0
    seen = given().when(terms)

    assert seen.outcome is Outcome.DEAD_LETTERED


def test_a_body_of_a_foreign_account_is_never_folded():
    seen = given().when(updated(subscription()), foreign="account")

    assert seen.outcome is Outcome.DEAD_LETTERED
    assert seen.done.error is not None
    assert seen.done.error.reason is DeadLetterReason.FOREIGN_ACCOUNT


@pytest.mark.parametrize(
    "body",
    [
        event("charge.succeeded", {"object": "charge", "id": "ch_1", "customer": ANA}),
        event("a.type.of.the.future", {"object": "novelty", "customer": ANA}),
        {"object": "v2.core.event", "id": "evt_1", "type": "v1.customer.updated"},
    ],
)
def test_other_types_are_ignored_and_leave_the_row_alone(body):
    seen = given(updated(subscription())).when(body)

    assert (seen.outcome, seen.done.row, seen.updates) == (Outcome.IGNORED, None, [])


def test_the_same_event_again_is_a_duplicate_and_changes_nothing():
    first = updated(subscription())
    start = given(first)
    facts = start.row.facts
    seen = start.when(first)

    assert seen.outcome is Outcome.DUPLICATE
    assert (seen.row.facts, seen.updates) == (facts, [])


def test_another_type_about_the_same_object_is_no_duplicate():
    seen = given(updated(subscription(), id="evt_1")).when(
        event("customer.subscription.trial_will_end", subscription(), id="evt_1")
    )

    assert seen.outcome is Outcome.FOLDED


def test_ids_of_updates_come_from_their_cause_and_not_from_the_position():
    body = updated(subscription(), id="evt_1")
    here = step(None, record(body, 1), SettingsInForce())
    there = step(None, record(body, 77), SettingsInForce())

    assert [e.id for e in here.updates] == [e.id for e in there.updates]
    assert len({e.id for e in here.updates}) == len(here.updates) == 3
    assert [e.data.index for e in here.updates] == [0, 1, 2]


def test_a_customer_is_shown_with_its_profile_until_and_after_it_is_deleted():
    start = given(updated(customer(), at=START))
    gone = start.when(deleted({"id": ANA, "object": "customer", "deleted": True}, at=START + 5))
    late = start.when(updated(customer(name="Late"), at=START + 3))

    assert gone.state.customer.deleted_at == "2027-01-15T08:00:05Z"
    assert late.state.customer.deleted_at == gone.state.customer.deleted_at


def test_a_tick_moves_the_rows_time_and_lets_a_discount_end():
    half = {"id": "di_1", "end": START + 100}
    half["coupon"] = {"id": "C", "duration": "repeating", "percent_off": 50}
    start = given(updated(subscription(discounts=[half])))
    tick = {"due_at": START + 100, "created": START + 100}
    seen = start.when(tick, kind=Kind.TICK)

    assert [u.delta["usd"].amount_minor for u in seen.updates] == [1000]
    assert start.when(tick, kind=Kind.TICK).updates == []


def test_a_tick_from_the_future_is_not_believed():
    seen = given(updated(subscription())).when(
        {"due_at": START + 9_999, "created": START}, kind=Kind.TICK
    )

    assert seen.outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    ("match", "contact", "reason"),
    [
        ("metadata:account_id", "acme-42", None),
        ("metadata:crm", None, "no_metadata"),
        ("customer_id", ANA, None),
        ("email", "ana@example.com", None),
    ],
)
def test_updates_carry_your_own_id_or_say_why_not(match, contact, reason):
    settings = BusinessSettings.model_validate({"contact": {"match": match}})
    seen = given(updated(customer()), settings=settings).when(updated(subscription()))
    update = seen.updates[0]

    assert (update.contact.id if update.contact else None, update.contact_reason) == (
        contact,
        reason,
    )
    assert seen.state.contact == update.contact


def test_a_contact_is_found_on_the_subscription_while_the_customer_is_not_seen():
    found = given().when(updated(subscription(metadata={"account_id": "acme"})))
    missing = given().when(updated(subscription()))

    assert found.updates[0].contact.id == "acme"
    assert missing.updates[0].contact_reason == "customer_not_seen"


def test_settings_are_read_from_their_record_or_refused_by_name():
    content = BusinessSettings()
    stored = SettingsRecord(version=3, hash="h", applied_by="ana", content=content)
    body = record(stored.model_dump_json().encode(), kind=Kind.SETTINGS)

    now = read_settings(body, SettingsInForce())

    assert (now.version, now.content) == (3, content)
    assert {rule.version for rule in now.rules.values()} == {3}
    assert read_settings(body, SettingsInForce(version=3)) == SettingsInForce(version=3)
    with pytest.raises(Exception, match="content"):
        read_settings(record(b'{"version": 1}', kind=Kind.SETTINGS), SettingsInForce())


def test_what_a_redelivery_tells_under_newer_rules_has_an_id_of_its_own():
    body = updated(subscription(), id="evt_1")
    first = step(None, record(body), SettingsInForce(version=1))
    rules = BusinessSettings.model_validate(
        {
            "stages": {
                "precedence": ["Paying"],
                "rules": [{"name": "Paying", "when": {"status": ["active"]}}],
            }
        }
    )
    again = step(first.row, record(body, 1), SettingsInForce(version=2, content=rules))

    assert again.outcome is Outcome.DUPLICATE
    assert [update.type for update in again.updates] == ["customer.stage_changed"]
    assert {update.id for update in first.updates}.isdisjoint(u.id for u in again.updates)


@pytest.mark.parametrize("due_at", [True, -1, 10**14, "1", None])
def test_a_tick_of_an_impossible_time_is_dead_lettered(due_at):
    seen = given(updated(subscription())).when({"due_at": due_at, "created": START}, kind=Kind.TICK)

    assert seen.outcome is Outcome.DEAD_LETTERED


def test_a_key_of_metadata_is_never_shown_in_a_dead_letters_words():
    seen = given().when(updated(customer(metadata={"ana@example.com": 5})))

    assert str(seen.done.error) == "metadata.*: string_type"


def test_what_is_told_is_the_same_whether_the_walk_or_a_record_came_first():
    renamed = BusinessSettings.model_validate(
        {
            "contact": {"match": "customer_id"},
            "stages": {
                "precedence": ["Paying"],
                "rules": [{"name": "Paying", "when": {"status": ["active", "past_due"]}}],
            },
        }
    )
    row = given(updated(subscription(), at=START)).row
    newer = SettingsInForce().followed_by(2, renamed, at=START, announce="now", place=(0, 5))
    news = record(updated(subscription(items=[item(quantity=3)]), at=START + 1), offset=9)

    walked, told = resettled(row, newer)
    after_the_walk = step(walked, news, newer)
    at_once = step(row, news, newer)

    assert at_once.stored == after_the_walk.stored
    assert [*told, *after_the_walk.updates] == [*at_once.updates]
    assert [each.data.index for each in told] == [0, 1]
    assert [each.data.index for each in after_the_walk.updates] == [0]
