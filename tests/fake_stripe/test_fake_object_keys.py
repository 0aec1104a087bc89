"""Every object has the fields of Stripe's official samples, at every depth."""

from __future__ import annotations

import pytest
import stripe

from fake_stripe.credit_notes import credit
from fake_stripe.fake import FakeStripe
from fake_stripe.quotes import offer
from fake_stripe.shapes import FREE, samples
from fake_stripe.world import World
from simulation.objects import Generation

LEGACY, BASIL, CLOVER, ENDIVE = Generation
LATER = {
    ENDIVE: set(),
    CLOVER: {"billing_schedules", "customer_account", "managed_payments", "quantity_decimal"},
}
LATER[BASIL] = {*LATER[CLOVER], "billing_mode", "source", "subscription_item"}
"""Fields of the samples that the generation does not have yet."""
ABSENT = {"refunds": "only when expanded", "quantity": "not where usage is metered"}
OURS = {
    "coupon": "in discounts until 2025-09-30.clover",
    "pause_schedules": "since 2026-09-30.endive, after the samples",
    "payment_intent": "of the payment's type, which is another one in the sample",
    "price_details": "of the pricing's type, which the sample leaves out",
    "status_details": "since 2026-09-30.endive, after the samples",
    "total_count": "of lists in webhooks",
}


@pytest.fixture(scope="module")
def world():
    return World(customers=150, day=360, quiet=5, wide=1)


def compare(served, sample, path, missing, extra):
    missing |= {f"{path}.{name}" for name in sample.keys() - served.keys()}
    extra |= {f"{path}.{name}" for name in served.keys() - sample.keys()}
    for name in (served.keys() & sample.keys()) - FREE:
        mine, theirs = served[name], sample[name]
        if isinstance(mine, dict) and isinstance(theirs, dict):
            compare(mine, theirs, f"{path}.{name}", missing, extra)
        if isinstance(mine, list) and isinstance(theirs, list):
            for each in mine:
                if theirs and isinstance(each, dict):
                    compare(each, theirs[0], f"{path}.{name}", missing, extra)


@pytest.mark.parametrize("generation", [BASIL, CLOVER, ENDIVE])
def test_each_object_has_the_fields_of_the_sample_and_no_others(world, generation):
    missing, extra, kinds = set(), set(), set()
    for kind, shelf in world.view(generation).shelves.items():
        if kind in samples():
            kinds.add(kind)
            for thing in shelf.newest_first():
                compare(thing, samples()[kind], kind, missing, extra)

    assert {"charge", "coupon", "customer", "discount", "invoice", "subscription"} <= kinds
    assert {"invoice_payment", "price", "product", "refund", "subscription_schedule"} <= kinds
    assert {path.rpartition(".")[2] for path in missing} <= {*LATER[generation], *ABSENT}
    assert {path.rpartition(".")[2] for path in extra} <= OURS.keys()


def test_what_is_in_events_is_whole_too(world):
    view = world.view(ENDIVE)
    missing, extra = set(), set()
    for event in view.events.newest_first():
        thing = event["data"]["object"]
        if thing["object"] in samples() and "id" in thing:
            compare(thing, samples()[thing["object"]], thing["object"], missing, extra)

    assert {path.rpartition(".")[2] for path in missing} <= {"refunds", "quantity"}
    assert {path.rpartition(".")[2] for path in extra} <= OURS.keys()


def test_a_credit_note_has_the_fields_of_the_sample(world):
    invoice = next(world.view().shelves["invoice"].newest_first())
    id_ = credit(world, invoice["id"], 100)
    note = world.view().get("credit_note", id_)
    missing, extra = set(), set()
    compare(note, samples()["credit_note"], "credit_note", missing, extra)

    assert (missing, extra) == (set(), set())
    assert note.keys() <= stripe.CreditNote.__annotations__.keys()


def test_a_quote_has_the_fields_that_the_client_knows_at_every_depth(world):
    customer = next(world.view().shelves["customer"].newest_first())["id"]
    id_ = offer(world, customer, 4900)
    quote = world.view().get("quote", id_)
    parts = {
        (): stripe.Quote,
        ("automatic_tax",): stripe.Quote.AutomaticTax,
        ("computed",): stripe.Quote.Computed,
        ("computed", "recurring"): stripe.Quote.Computed.Recurring,
        ("computed", "upfront"): stripe.Quote.Computed.Upfront,
        ("invoice_settings",): stripe.Quote.InvoiceSettings,
        ("status_transitions",): stripe.Quote.StatusTransitions,
        ("subscription_data",): stripe.Quote.SubscriptionData,
        ("total_details",): stripe.Quote.TotalDetails,
    }
    only_expanded = {"line_items", "breakdown", "deleted"}

    for path, kind in parts.items():
        part = quote
        for name in path:
            part = part[name]
        known = {name for name in kind.__annotations__ if name.islower() and name[0] != "_"}
        assert known - only_expanded == part.keys(), path


def test_what_has_no_sample_has_only_fields_that_the_client_knows(world):
    fake = FakeStripe(world)
    shelves = world.view().shelves
    endpoint = fake.account.endpoints.written(fake.account.endpoints.add("https://example.com"))
    event = next(world.view().events.newest_first())
    served = {
        stripe.Account: fake.account.written(),
        stripe.Dispute: next(shelves["dispute"].newest_first()),
        stripe.Event: event,
        stripe.PaymentMethod: next(shelves["payment_method"].newest_first()),
        stripe.WebhookEndpoint: endpoint,
    }

    for kind, thing in served.items():
        assert thing.keys() <= kind.__annotations__.keys(), kind


def test_a_discount_changes_its_shape_with_the_api_version(world):
    shown = {each: next(world.view(each).shelves["discount"].newest_first()) for each in Generation}

    assert len({thing["id"] for thing in shown.values()}) == 1
    assert shown[BASIL]["coupon"]["id"] == shown[ENDIVE]["source"]["coupon"]
    assert "source" not in shown[LEGACY]
    assert "coupon" not in shown[CLOVER]


def test_all_is_in_test_mode_or_all_is_live(world):
    live = World(customers=20, day=200, livemode=True)
    for each, mode in ((world, False), (live, True)):
        for shelf in each.view().shelves.values():
            assert {thing.get("livemode", mode) for thing in shelf.newest_first()} <= {mode}
