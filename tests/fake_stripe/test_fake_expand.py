"""What is an id, and what becomes of it when it is expanded."""

from __future__ import annotations

import pytest
import stripe

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World

BASIL = "2025-03-31.basil"


@pytest.fixture(scope="module")
def client():
    fake = FakeStripe(World(customers=150, day=300))
    with serving(fake) as url:
        yield stripe.StripeClient(API_KEY, base_addresses={"api": url})


def subscriptions(client, *expand, **options):
    asked = {"limit": 100, "status": "all", "expand": list(expand)}
    return list(client.v1.subscriptions.list(asked, options).auto_paging_iter())


def test_without_expansion_there_are_ids_and_no_tiers(client):
    for sub in subscriptions(client):
        assert isinstance(sub.customer, str)
        assert all(isinstance(each, str) for each in sub.discounts)
        assert all("tiers" not in item.price for item in sub["items"].data)


def test_discounts_of_subscriptions_and_items_become_objects_with_their_coupon(client):
    subs = subscriptions(
        client, "data.discounts", "data.discounts.source.coupon", "data.items.data.discounts"
    )
    given = [each for sub in subs for each in sub.discounts]
    of_items = [each for sub in subs for item in sub["items"].data for each in item.discounts]

    assert {each.source.coupon.object for each in given} == {"coupon"}
    assert {each.object for each in of_items} == {"discount"}
    assert all(isinstance(each.source.coupon, str) for each in of_items)


def test_a_discount_of_an_older_version_has_its_coupon_inside(client):
    subs = subscriptions(client, "data.discounts", stripe_version=BASIL)
    given = [each for sub in subs for each in sub.discounts]

    assert given
    assert {each.coupon.object for each in given} == {"coupon"}


def test_tiers_are_there_only_when_expanded(client):
    subs = subscriptions(client, "data.items.data.price.tiers")
    prices = [item.price for sub in subs for item in sub["items"].data]
    volume = client.v1.prices.retrieve("price_DemoVolume", {"expand": ["tiers"]})

    assert {bool(each.tiers) for each in prices if each.tiers_mode} == {True}
    assert {each.tiers for each in prices if not each.tiers_mode} == {None}
    assert [tier.up_to for tier in volume.tiers] == [10, None]
    assert "tiers" not in client.v1.prices.retrieve("price_DemoVolume")


def test_customers_and_invoices_are_expanded_and_what_is_in_them(client):
    subs = subscriptions(client, "data.customer", "data.latest_invoice.customer")

    assert {sub.customer.id for sub in subs} == {sub.latest_invoice.customer.id for sub in subs}


def test_a_deleted_customer_is_expanded_to_its_id(client):
    subs = subscriptions(client, "data.customer")
    gone = [sub.customer for sub in subs if getattr(sub.customer, "deleted", False)]

    assert gone
    assert gone[0].to_dict() == {"id": gone[0].id, "object": "customer", "deleted": True}


def test_lists_in_an_object_come_when_asked_for(client):
    invoice = client.v1.invoices.list({"status": "paid", "limit": 100}).data[-1]
    charge = client.v1.refunds.list({"limit": 1, "expand": ["data.charge.refunds"]}).data[0].charge

    assert client.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]}).payments is not None
    assert charge.refunds.data[0].charge == charge.id
    sub = subscriptions(client)[0]
    customer = client.v1.customers.retrieve(sub.customer, {"expand": ["subscriptions"]})
    assert sub.id in [each.id for each in customer.subscriptions.data] or sub.status == "canceled"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("customer", None),
        ("data.colour", None),
        ("data.id", None),
        ("data.items.data.price.product.default_price", "property_expansion_max_depth"),
    ],
)
def test_what_cannot_be_expanded_is_refused(client, path, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.list({"limit": 1, "expand": [path]})

    assert refused.value.http_status == 400
    assert refused.value.code == code
