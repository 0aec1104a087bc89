"""Every shape of Stripe's events says the same."""

from __future__ import annotations

import orjson
import pytest

from build import (
    ANA,
    MONTH_S,
    START,
    coupon,
    customer,
    discount,
    event,
    fetched,
    invoice,
    item,
    price,
    record,
    subscription,
    updated,
)
from scenario import given
from schemas.codec import canonical
from schemas.errors import DeadLetterReason
from schemas.records import Kind
from schemas.settings import SettingsInForce
from streams.event_files import Found
from streams.fold_files import OPEN_SOURCE, Folding
from streams.ingest.keys import read_envelope
from streams.pipeline import Outcome

TEN = coupon("TEN", percent_off=10)
SOURCED = {"source": {"type": "coupon", "coupon": "TEN"}}
MADE_OF_COUPON = [
    # how a subscription's discount comes, and what else must come to know its terms
    ({"discount": discount(coupon=TEN), "discounts": []}, []),
    ({"discount": discount(coupon=TEN), "discounts": ["di_1"]}, []),
    ({"discounts": [discount(coupon=TEN)]}, []),
    ({"discounts": [discount(source={"type": "coupon", "coupon": TEN})]}, []),
    ({"discounts": [discount(**SOURCED)]}, [fetched(TEN, "enrichment")]),
    (
        {"discounts": ["di_1"]},
        [event("customer.discount.created", discount(coupon=TEN, subscription="sub_basic"))],
    ),
    (
        {"discounts": ["di_1"]},
        [
            event("customer.discount.created", discount(**SOURCED, subscription="sub_basic")),
            fetched(TEN, "enrichment"),
        ],
    ),
    ({"discounts": ["di_1"]}, [fetched(discount(coupon=TEN), "repair")]),
]


@pytest.mark.parametrize(("shape", "others"), MADE_OF_COUPON)
@pytest.mark.parametrize("first", [True, False])
def test_a_discount_counts_however_it_comes_and_whatever_comes_first(shape, others, first):
    shown = updated(subscription(**shape))
    bodies = [shown, *others] if first else [*others, shown]
    state = given().when(*bodies).state

    assert state.mrr["usd"].exact == "1800"
    assert [each.id for each in state.subscriptions[0].discounts] == ["di_1"]


def test_before_discounts_had_ids_they_went_by_their_coupon():
    old = {"object": "discount", "coupon": TEN, "customer": ANA, "end": None}
    own = given(updated(subscription(discount=old))).when(
        event("customer.discount.created", {**old, "subscription": "sub_basic"}, at=START + 1)
    )
    of_customer = given(updated(subscription())).when(event("customer.discount.created", old))

    assert own.state.mrr["usd"].exact == of_customer.state.mrr["usd"].exact == "1800"


def test_a_discount_of_an_invoice_alone_is_none_of_the_subscriptions():
    seen = given(updated(subscription())).when(
        event("customer.discount.created", discount(coupon=TEN, invoice="in_1"))
    )

    assert seen.outcome is Outcome.FOLDED
    assert seen.state.mrr["usd"].exact == "2000"


def test_the_same_event_in_two_shapes_is_one_sighting_and_the_newer_version_wins():
    old = updated(subscription(discount=discount(coupon=TEN), status="active"), id="evt_1") | {
        "api_version": "2020-08-27"
    }
    new = updated(subscription(discounts=["di_1"], cancel_at=START + 9), id="evt_1")
    rows = [given(*both).row for both in ([old, new], [new, old], [old, new, old])]

    assert len({canonical(row.facts) for row in rows}) == 1
    assert rows[0].facts.subscriptions["sub_basic"].now.cancel_at == START + 9
    assert given(old, new).when(old).state.mrr["usd"].exact == "1800"


def carried(body):
    return {
        "eventbridge": {
            "version": "0",
            "id": "c4e3b0a0",
            "detail-type": body["type"],
            "source": "aws.partner/stripe.com/ed_test",
            "detail": body,
        },
        "eventgrid": {
            "specversion": "1.0",
            "id": body["id"],
            "type": f"com.stripe.{body['type']}",
            "data": body,
        },
    }


@pytest.mark.parametrize("cloud", ["eventbridge", "eventgrid"])
def test_a_clouds_envelope_is_opened_for_the_key_and_for_the_fold(cloud):
    body = updated(subscription(), id="evt_7")
    bare = Folding(settings=SettingsInForce(version=1), source="main")
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    list(bare.take(Found(place="1", body=orjson.dumps(body))))
    list(folding.take(Found(place="1", body=orjson.dumps(carried(body)[cloud]))))
    about = read_envelope(orjson.dumps(carried(body)[cloud]), "main", OPEN_SOURCE)

    assert (about.key, about.event_id) == (f"main/-/live/{ANA}", "evt_7")
    assert list(folding.state(announced=True)) == list(bare.state(announced=True))


def test_what_only_looks_like_an_envelope_is_a_dead_letter():
    seen = given(updated(subscription())).when({"detail": "nothing"}, key=f"main/-/live/{ANA}")

    assert seen.done.error.reason is DeadLetterReason.NOT_AN_EVENT


def test_customer_account_stands_for_customer():
    thing = subscription() | {"customer": None, "customer_account": ANA}

    assert given().when(updated(thing)).state.mrr["usd"].exact == "2000"


def test_references_may_be_ids_or_whole_objects():
    whole = subscription(
        customer=customer(name="Eva"),
        schedule={"id": "sched_1", "object": "subscription_schedule"},
        latest_invoice=invoice("in_1"),
        items=[item(price=price(product={"id": "prod_A", "object": "product"}))],
    )
    ids = subscription(schedule="sched_1", latest_invoice="in_1")
    row = given(updated(whole, id="evt_1")).row

    assert row.facts.subscriptions["sub_basic"].now == (
        given(updated(ids, id="evt_1")).row.facts.subscriptions["sub_basic"].now
    )
    assert row.facts.profile.name == "Eva"


def test_a_pause_of_the_subscription_says_why_and_until_when():
    details = {"paused": {"type": "subscription", "transitioned_at": START + 5}}
    details["paused"]["subscription"] = {"type": "pause_requested"}
    schedule = {
        "id": "sched_1",
        "object": "subscription_schedule",
        "customer": ANA,
        "status": "active",
        "pause_schedules": [{"resume": {"resume_at": START + 99}}],
    }
    paused = subscription(status="paused", status_details=details, schedule="sched_1")
    state = given(updated(paused)).when(event("subscription_schedule.created", schedule)).state
    [found] = state.subscriptions

    assert found.pause.model_dump() == {
        "kind": "subscription",
        "behavior": None,
        "reason": "pause_requested",
        "since": "2027-01-15T08:00:05Z",
        "resumes_at": "2027-01-15T08:01:39Z",
    }


def test_a_pause_of_collection_is_another_thing():
    held = {"behavior": "void", "resumes_at": START + 9}
    [found] = given().when(updated(subscription(pause_collection=held))).state.subscriptions

    assert (found.status, found.pause.kind, found.pause.behavior) == (
        "active",
        "collection",
        "void",
    )
    assert found.pause.resumes_at == "2027-01-15T08:00:09Z"


@pytest.mark.parametrize("place", ["parent", "subscription"])
def test_an_invoice_tells_how_payment_stands(place):
    thing = invoice(
        "in_1", "open", amount=700, attempt_count=2, next_payment_attempt=START + 86_400
    )
    if place == "subscription":
        thing |= {"parent": None, "subscription": "sub_basic"}
    payment = given().when(event("invoice.payment_failed", thing)).state.payment

    assert payment.model_dump() == {
        "status": "open",
        "latest_invoice": "in_1",
        "subscription": "sub_basic",
        "attempt_count": 2,
        "next_attempt_at": "2027-01-16T08:00:00Z",
        "amount_due": {"usd": {"amount_minor": 700, "exact": "700"}},
    }


def test_a_paid_invoice_stays_paid_and_the_first_payment_is_the_earliest_of_something():
    free = invoice("in_0", "paid", amount=0, status_transitions={"paid_at": START - 9})
    paid = invoice("in_1", "paid", status_transitions={"paid_at": START + 7})
    late = invoice("in_1", "open")
    state = (
        given(event("invoice.paid", free), event("invoice.paid", paid, at=START + 8))
        .when(event("invoice.updated", late, at=START + 9))
        .state
    )

    assert (state.payment.status, state.lifetime.first_paid_at) == ("paid", "2027-01-15T08:00:07Z")


def test_before_2018_an_invoice_only_said_whether_it_was_paid():
    old = invoice("in_1", "paid") | {"status": None, "paid": True, "created": None, "date": START}
    state = given().when(event("invoice.payment_succeeded", old, at=START + 5)).state

    assert (state.payment.status, state.lifetime.first_paid_at) == ("paid", "2027-01-15T08:00:05Z")


def test_a_draft_that_was_deleted_never_was():
    draft = invoice("in_1", "draft")
    seen = given(event("invoice.created", draft)).when(event("invoice.deleted", draft))

    assert seen.state.payment is None


def test_what_has_no_customer_is_kept_and_not_folded():
    guest = {"id": "cs_1", "object": "checkout.session", "customer": None, "metadata": {}}
    seen = given().when(event("checkout.session.completed", guest), key="main/-/live/-/cs_1")

    assert seen.outcome is Outcome.IGNORED


def test_a_fetched_object_is_folded_like_what_an_event_shows():
    seen = given().when(fetched(subscription(), "repair"))

    assert (seen.outcome, seen.state.mrr["usd"].exact) == (Outcome.FOLDED, "2000")
    assert {update.origin for update in seen.updates} == {"repair"}
    assert given(fetched(subscription())).when(fetched(subscription())).outcome is Outcome.DUPLICATE


def test_a_fetched_object_that_no_row_reads_is_ignored():
    seen = given().when(fetched({"id": "prod_1", "object": "product", "name": "Pro"}, "enrichment"))

    assert seen.outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    ("line", "reason", "place"),
    [
        (fetched(subscription(), customer="cus_eva"), DeadLetterReason.BAD_OBJECT, "customer"),
        (fetched(subscription(customer="cus_eva")), DeadLetterReason.BAD_OBJECT, "customer"),
        (fetched({"object": "coupon"}, "enrichment"), DeadLetterReason.BAD_OBJECT, "id: missing"),
        (fetched({"object": "subscription", "customer": ANA}), DeadLetterReason.BAD_OBJECT, "id"),
        (fetched(subscription(), fetched_at=-1), DeadLetterReason.NOT_AN_EVENT, "fetched_at"),
    ],
)
def test_a_fetched_object_that_is_wrong_says_where(line, reason, place):
    seen = given().when(line)

    assert seen.done.error.reason is reason
    assert place in str(seen.done.error)


def test_a_broken_fetched_line_of_a_file_says_where():
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    line = fetched(subscription()) | {"kind": "guess"}
    list(folding.take(Found(place="file:1", body=orjson.dumps(line))))

    assert folding.complaints == ["file:1: dead letter: not_an_event: kind: literal_error"]


def test_enrichment_brings_tiers_and_one_movement():
    tiers = [{"up_to": 5, "unit_amount": 700}, {"up_to": None, "unit_amount": 600}]
    bare = price(None, billing_scheme="tiered", tiers_mode="graduated")
    start = given(updated(subscription(items=[item(quantity=6, price=bare)])))
    seen = start.when(fetched(bare | {"tiers": tiers}, "enrichment", connected_at=START - 1))

    assert seen.state.mrr["usd"].exact == "4100"
    assert [each.movement for each in seen.updates if each.TYPE.endswith("mrr_changed")] == ["new"]
    again = start.when(updated(subscription(items=[item(quantity=1, price=bare)]), at=START + 1))
    assert again.state.mrr["usd"].exact == "700"


def test_a_record_of_another_kind_of_key_is_no_subject():
    assert given().when(record(b"{}").value, key="main/-/-/-/invalid").outcome is (
        Outcome.DEAD_LETTERED
    )


def test_the_deletion_of_a_customer_ends_its_subscriptions_at_once():
    start = given(updated(customer()), updated(subscription()))
    seen = start.when(event("customer.deleted", customer(), at=START + 50))

    assert (seen.state.mrr["usd"].exact, seen.state.stage.name) == ("0", "Churn")
    assert seen.state.renewal.renews_at is None
    assert seen.state.subscriptions[0].ended_at == "2027-01-15T08:00:50Z"
    assert {"customer.mrr_changed", "customer.stage_changed", "automation.triggered"} <= {
        update.TYPE for update in seen.updates
    }
    ended = subscription(status="canceled", ended_at=START + 50, canceled_at=START + 50)
    late = start.when(event("customer.subscription.deleted", ended, at=START + 50))
    assert late.updates == []


def test_a_deletion_has_one_date_and_what_is_left_of_a_customer_wipes_nothing():
    start = given(updated(customer()), updated(subscription()))
    first = start.when(event("customer.deleted", customer(), at=START + 50)).state
    stub = {"id": ANA, "object": "customer", "deleted": True}
    later = start.when(fetched(stub, "repair", at=START + 9_999))

    assert later.state.customer.deleted_at == first.customer.deleted_at == "2027-01-15T08:00:50Z"
    assert later.state.subscriptions == first.subscriptions
    assert (later.state.contact, later.state.customer.name) == (first.contact, "Ana")
    assert later.updates == []


def test_a_stub_alone_says_that_the_customer_was_deleted():
    stub = {"id": ANA, "object": "customer", "deleted": True}
    state = given(updated(subscription())).when(fetched(stub, "repair", at=START + 5)).state

    assert (state.customer.deleted_at, state.mrr["usd"].exact) == ("2027-01-15T08:00:05Z", "0")
    assert state.contact_reason == "customer_not_seen"


def test_a_coupon_without_discount_ids_may_be_redeemed_again():
    def old(start):
        return {"object": "discount", "coupon": TEN, "customer": ANA, "start": start}

    again = subscription(discount=old(START + 9))
    state = (
        given(
            updated(subscription(discount=old(START))),
            event("customer.discount.deleted", {**old(START), "subscription": "sub_basic"}),
        )
        .when(updated(again, at=START + 9))
        .state
    )

    assert state.mrr["usd"].exact == "1800"


@pytest.mark.parametrize("place", ["schedule", "latest_invoice"])
def test_what_a_subscription_shows_expanded_is_read(place):
    schedule = {
        "id": "sched_1",
        "object": "subscription_schedule",
        "status": "active",
        "end_behavior": "cancel",
        "phases": [{"start_date": START, "end_date": START + 1}],
    }
    shown = {"schedule": schedule, "latest_invoice": invoice("in_1", "open")}[place]
    state = given().when(updated(subscription(**{place: shown}))).state

    if place == "schedule":
        assert (state.renewal.renews_at, state.subscriptions[0].schedule.status) == (None, "active")
    else:
        assert (state.payment.latest_invoice, state.payment.status) == ("in_1", "open")


def test_a_schedule_that_was_not_seen_is_named_all_the_same():
    [found] = given().when(updated(subscription(schedule="sched_1"))).state.subscriptions

    assert found.schedule.model_dump() == {
        "id": "sched_1",
        "status": None,
        "end_behavior": None,
        "ends_at": None,
    }


@pytest.mark.parametrize("plan", [{"id": "plan_1", "deleted": True}, {"id": 7}, "plan_1"])
def test_a_plan_beside_a_price_or_above_items_may_be_anything(plan):
    beside = subscription(items=[item(plan=plan)], plan=plan)

    assert given().when(updated(beside)).state.mrr["usd"].exact == "2000"


def test_a_plan_that_was_deleted_says_too_little_to_count():
    gone = item(plan={"id": "plan_1", "deleted": True})
    state = given().when(updated(subscription(items=[{**gone, "price": None}]))).state

    assert [each.reason for each in state.pending] == ["currency"]


def test_what_must_be_fetched_for_a_discount_is_named():
    named = discount(source={"type": "coupon", "coupon": "TEN"})
    [found] = given().when(updated(subscription(discounts=[named]))).state.subscriptions

    assert (found.discounts[0].coupon_id, found.discounts[0].coupon) == ("TEN", None)


@pytest.mark.parametrize("percent", [33.333333333333336, 1e-05, 100])
def test_a_percentage_may_have_any_decimals(percent):
    shown = discount(coupon=coupon("C", percent_off=percent))

    assert given().when(updated(subscription(discounts=[shown]))).state.pending == ()


@pytest.mark.parametrize(
    ("body", "kind", "depth", "outcome"),
    [
        (updated(subscription(unread="X"), was={"unread": "X"}), Kind.WEBHOOK, 400, "folded"),
        (updated(subscription(unread="X"), was={"unread": "X"}), Kind.WEBHOOK, 1_000, "folded"),
        (fetched(subscription(unread="X")), Kind.BACK_FILL, 200, "folded"),
        (fetched(subscription(unread="X")), Kind.BACK_FILL, 400, "dead_lettered"),
    ],
)
def test_a_body_that_is_nested_deeply_is_no_crash(body, kind, depth, outcome):
    nested = b'{"in":' * depth + b"1" + b"}" * depth
    seen = given().when(orjson.dumps(body).replace(b'"X"', nested), kind=kind)

    assert seen.outcome == outcome


def test_more_of_a_coupons_terms_outweighs_less_whenever_it_comes():
    terms = coupon("TEN", percent_off=10)
    scoped = {**terms, "applies_to": {"products": ["prod_Z"]}}
    shown = subscription(discounts=[discount(coupon=scoped)])
    later = subscription("sub_2", discounts=[discount("di_2", coupon=terms)])
    state = given(updated(shown)).when(updated(later, at=START + 9)).state

    assert state.subscriptions[0].mrr["usd"].exact == "2000"


def test_a_fault_is_told_by_fields_and_never_by_keys_that_are_data():
    options = {"jane@example.com": {"unit_amount": "x"}}
    broken = item(price=price(currency_options=options))
    seen = given().when(updated(subscription(items=[broken], metadata={"jane": 5})))

    assert "jane" not in str(seen.done.error)
    assert "price.currency_options.*.unit_amount" in str(seen.done.error)


END = START + MONTH_S


@pytest.mark.parametrize(
    "words",
    [
        {"cancel_at_period_end": True, "cancel_at": END},
        {"cancel_at_period_end": False, "cancel_at": END},
        {"cancel_at_period_end": True, "cancel_at": None},
    ],
)
def test_a_scheduled_end_is_one_row_in_whichever_words_it_comes(words):
    row = given().when(updated(subscription(**words), id="evt_1")).state
    usual = given().when(updated(subscription(cancel_at=END), id="evt_1")).state

    assert row == usual
    assert row.subscriptions[0].cancel_scheduled
