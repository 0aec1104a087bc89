from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.pool import StaticPool

from console.queries.stripe_objects import joined_ids, objects_page
from console.queries.unresolved import unresolved
from console.read_model.apply import apply
from console.read_model.log_tables import objects
from console.read_model.records import Record
from console.read_model.tables import metadata
from fetched import headers
from filled import Topics, put_log
from read_model_judge import content
from schemas.records import Kind
from streams.log.topics import LOG
from tests import build

EXAMPLES = Path(__file__).parents[2] / "cli/demo/recorded_events"
AT = build.START


def model(batches: Iterable[Sequence[Record]]) -> Engine:
    """A read model to which these records were applied, batch by batch."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    for batch in batches:
        with engine.begin() as connection:
            apply(connection, batch, 1)
    return engine


def of(*bodies: dict[str, Any]) -> list[Record]:
    topics = Topics()
    for body in bodies:
        value = orjson.dumps(body)
        if body["object"] == "subfold.fetched":
            topics.put(LOG, build.SUBJECT, value, at_s=AT, headers=headers(Kind(body["kind"])))
        else:
            put_log(topics, value, at_s=AT)
    return topics.records


def shown(engine: Engine, id_: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(objects).where(objects.c.id == id_)).one()


def charge(**more: Any) -> dict[str, Any]:
    return {"id": "ch_1", "object": "charge", "customer": build.ANA, "amount": 900, **more}


def test_the_newest_version_is_kept_whatever_comes_last():
    old = build.updated(build.subscription(status="trialing"), at=AT)
    new = build.updated(build.subscription(status="active"), at=AT + 5)

    found = shown(model([of(new, old)]), build.BASIC)

    assert (found.status, found.at, found.customer) == ("active", AT + 5, build.ANA)
    assert json.loads(found.body)["status"] == "active"


def test_what_was_deleted_stays_deleted():
    gone = build.event("customer.deleted", build.customer(), at=AT)
    late = build.updated(build.customer(name="Late"), at=AT + 5)

    found = shown(model([of(gone), of(late)]), build.ANA)

    assert found.is_deleted
    assert json.loads(found.body)["name"] == "Ana"


def test_within_a_second_old_values_say_which_comes_first():
    first = build.event("charge.updated", charge(status="pending"), id="evt_z")
    second = build.event(
        "charge.updated", charge(status="succeeded"), was={"status": "pending"}, id="evt_a"
    )

    found = shown(model([of(second), of(first)]), "ch_1")

    assert found.status == "succeeded"


def test_a_detached_payment_method_is_still_whose_it_was():
    gone = build.payment_method(customer=None)
    event = build.event("payment_method.detached", gone, was={"customer": build.ANA})

    found = shown(model([of(event)]), "pm_1")

    assert (found.customer, found.is_deleted) == (build.ANA, True)


def test_an_upcoming_invoice_is_the_only_one_of_its_subscription():
    one = build.event("invoice.upcoming", build.upcoming(), at=AT)
    two = build.event("invoice.upcoming", build.upcoming(total=7), at=AT + 9)

    found = shown(model([of(one, two)]), f"upcoming_invoice:{build.BASIC}")

    assert (found.kind, found.amount_minor) == ("upcoming_invoice", 7)


def test_what_names_no_customer_is_joined_in_whatever_order_it_comes():
    refund = {"id": "re_1", "object": "refund", "charge": "ch_1"}
    dispute = {"id": "dp_1", "object": "dispute", "payment_intent": {"id": "pi_1"}}
    intent = {"id": "pi_1", "object": "payment_intent", "invoice": "in_1"}
    payment = {
        "id": "inpay_1",
        "object": "invoice_payment",
        "payment": {"type": "charge", "charge": "ch_1"},
    }
    lost = {"id": "re_2", "object": "refund", "charge": "ch_unknown"}
    engine = model(
        [
            of(
                build.event("refund.created", refund),
                build.event("charge.dispute.created", dispute),
                build.event("payment_intent.created", intent),
                build.event("invoice_payment.paid", payment),
                build.event("refund.created", lost),
            ),
            of(
                build.event("charge.succeeded", charge()),
                build.event("invoice.paid", build.invoice()),
            ),
        ]
    )

    with engine.connect() as connection:
        joined = joined_ids(connection, build.SUBJECT)
        page = objects_page(connection, build.SUBJECT, kinds=["refund"], limit=10)

        assert set(joined) == {"re_1", "dp_1", "pi_1", "inpay_1"}
        assert [each.id for each in page.objects] == ["re_1"]
        assert unresolved(connection, livemode=True) == {"refund": 1}
        assert unresolved(connection, livemode=False) == {}


def test_what_leads_to_a_customer_over_three_steps_is_joined_and_not_unresolved(
    engines: Callable[[], Engine],
):
    chain = [
        {"id": "re_1", "object": "refund", "charge": "ch_1"},
        {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"},
        {"id": "pi_1", "object": "payment_intent", "invoice": "in_1"},
    ]
    engine = engines()

    with engine.begin() as connection:
        apply(connection, of(*(build.event(f"{it['object']}.updated", it) for it in chain)), 1)
        before = unresolved(connection, livemode=True)
    with engine.begin() as connection:
        apply(connection, of(build.event("invoice.paid", build.invoice())), 2)

    assert before == {"charge": 1, "payment_intent": 1, "refund": 1}
    with engine.connect() as connection:
        assert unresolved(connection, livemode=True) == {}
        assert set(joined_ids(connection, build.SUBJECT)) == {"re_1", "ch_1", "pi_1"}


def test_kinds_that_nobody_knows_are_kept_whole():
    thing = {"id": "xyz_1", "object": "hologram", "customer": build.ANA, "depth": [1, {"a": None}]}

    found = shown(model([of(build.event("hologram.projected", thing))]), "xyz_1")

    assert (found.kind, found.customer) == ("hologram", build.ANA)
    assert json.loads(found.body) == thing


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"object": None},
        {"object": []},
        {"object": {"id": 7, "object": 8}},
        {"object": {"id": "x", "object": "x"}, "previous_attributes": 7},
        {"object": {"id": "x" * 300, "object": "x", "customer": "x" * 300}},
        {"object": {"id": "x\0y", "object": "x\0", "status": "\0", "currency": 7}},
        {"object": {"id": "x", "object": "x", "amount": 2**64 - 1, "created": -1, "charge": []}},
        {"object": {"id": "x", "object": "invoice", "attempt_count": "many", "deleted": 7}},
        {"object": {"id": "x", "object": "x", "is_final": 7, "kind": 7, "body": 7}},
    ],
)
def test_no_body_is_too_odd(data: Any):
    odd = {**build.event("odd.thing", {}), "data": data}
    good = build.event("charge.succeeded", charge())

    engine = model([of(odd, good, odd)])

    assert shown(engine, "ch_1").amount_minor == 900


def test_every_recorded_event_is_kept():
    files = sorted(EXAMPLES.rglob("*.json"))
    bodies = [json.loads(file.read_bytes()) for file in files]
    events_ = [each for each in bodies if isinstance(each, dict) and each.get("object") == "event"]

    kept = content(model([of(*events_)]))["objects"]

    assert len(events_) > 10
    assert {each["data"]["object"].get("id") for each in events_} - {None} <= {
        row[1] for row in kept
    }


@st.composite
def sights(draw: st.DrawFn) -> dict[str, Any]:
    """An event, or a fetched object, of few objects at few times."""
    number, at = draw(st.integers(1, 2)), AT + draw(st.integers(0, 1))
    status = draw(st.sampled_from(["active", "past_due", "canceled"]))
    kind = draw(st.sampled_from(["subscription", "charge"]))
    thing = {
        "id": f"{kind}_{number}",
        "object": kind,
        "customer": build.ANA,
        "status": status,
        "metadata": {"x": draw(st.sampled_from("ab"))},
    }
    if draw(st.booleans()):
        return build.fetched(thing, at=at)
    was = draw(
        st.none()
        | st.fixed_dictionaries({"status": st.sampled_from(["active", "past_due"])})
        | st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"x": st.sampled_from("ab")})})
    )
    word = draw(st.sampled_from(["created", "updated", "deleted"]))
    id_ = f"evt_{draw(st.integers(1, 3))}"
    return build.event(f"{kind}.{word}", thing, at=at, was=was, id=id_)


@given(bodies=st.lists(sights(), min_size=1, max_size=8), data=st.data())
def test_any_order_and_repetition_gives_the_same_objects(bodies: list[Any], data: st.DataObject):
    records = of(*bodies)
    shuffled = data.draw(st.permutations([*records, *data.draw(st.permutations(records))]))
    cut = data.draw(st.integers(0, len(shuffled)))

    one = content(model([records]))["objects"]
    other = content(model([shuffled[:cut], shuffled[cut:]]))["objects"]

    assert other == one
