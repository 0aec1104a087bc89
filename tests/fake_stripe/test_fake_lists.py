"""Pages as Stripe's own client reads them."""

from __future__ import annotations

import pytest
import stripe

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.quiet import Quiet
from fake_stripe.server import serving
from fake_stripe.world import World


def ids(things):
    return [thing["id"] for thing in things]


def test_pages_hold_ten_newest_first_and_go_on_where_the_last_ended(client):
    first = client.v1.customers.list()
    second = client.v1.customers.list({"starting_after": first.data[-1].id, "limit": 5})
    back = client.v1.customers.list({"ending_before": second.data[0].id, "limit": 10})

    assert len(first.data) == 10
    assert first.has_more
    created = [each.created for each in (*first.data, *second.data)]
    assert created == sorted(created, reverse=True)
    assert ids(back.data) == ids(first.data)


def test_all_pages_together_are_all_that_there_is(fake, client):
    listed = ids(client.v1.invoices.list({"limit": 100}).auto_paging_iter())

    assert listed == ids(fake.world.view().shelves["invoice"].newest_first())
    assert fake.requests["GET /v1/invoices"] == -(-len(listed) // 100)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_holds_one_to_a_hundred(client, limit):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list({"limit": limit})

    assert refused.value.http_status == 400
    assert refused.value.param == "limit"


def test_a_cursor_that_was_deleted_is_refused(fake, client):
    page = client.v1.customers.list({"limit": 3})
    fake.world.delete_customer(page.data[-1].id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list({"limit": 3, "starting_after": page.data[-1].id})

    assert refused.value.http_status == 400
    assert refused.value.code == "resource_missing"
    assert refused.value.param == "starting_after"


def test_created_bounds_are_inclusive_or_not_as_they_say(client):
    times = [each.created for each in client.v1.invoices.list({"limit": 100}).data]
    first, last = times[60], times[20]

    def between(**bounds):
        page = client.v1.invoices.list({"limit": 100, "created": bounds})
        return [each.created for each in page.data]

    assert between(gte=first, lte=last) == [at for at in times if first <= at <= last]
    assert between(gt=first, lt=last) == [at for at in times if first < at < last]


def test_canceled_subscriptions_are_listed_only_when_asked_for(client):
    def statuses(**asked):
        found = client.v1.subscriptions.list({"limit": 100} | asked).auto_paging_iter()
        return {each.status for each in found}

    assert "canceled" not in statuses()
    assert "canceled" in statuses(status="all")
    assert statuses(status="canceled") == {"canceled"}
    assert statuses(status="ended") <= {"canceled", "incomplete_expired"}


def test_lists_are_of_one_customer_price_or_subscription(client):
    sub = client.v1.subscriptions.list({"limit": 1}).data[0]
    price = sub["items"].data[0].price.id

    for one in client.v1.subscriptions.list({"customer": sub.customer, "status": "all"}).data:
        assert one.customer == sub.customer
    assert sub.id in ids(client.v1.subscriptions.list({"price": price, "limit": 100}).data)
    invoices = client.v1.invoices.list({"subscription": sub.id}).data
    assert {each.parent.subscription_details.subscription for each in invoices} == {sub.id}


def test_unknown_parameters_customers_and_paths_are_refused(client, url):
    for asked, code in (({"colour": "red"}, "parameter_unknown"), ({"customer": "cus_x"}, None)):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.subscriptions.list(asked)
        assert refused.value.http_status == 400
        assert code is None or refused.value.code == code
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.raw_request("get", "/v1/unicorns")


def test_a_deleted_customer_is_only_its_id(fake, client):
    id = client.v1.customers.list({"limit": 1}).data[0].id

    assert client.v1.customers.delete(id).deleted
    gone = client.v1.customers.retrieve(id)

    assert gone.to_dict() == {"id": id, "object": "customer", "deleted": True}
    assert id not in ids(client.v1.customers.list({"limit": 100}).auto_paging_iter())
    assert fake.world.view().events.get(client.v1.events.list({"limit": 1}).data[0].id)


@pytest.mark.parametrize(
    "what",
    [
        *("charges", "coupons", "customers", "disputes", "invoice_payments", "invoices", "prices"),
        *("payment_methods", "products", "refunds", "subscription_schedules", "subscriptions"),
    ],
)
def test_what_is_listed_can_be_retrieved(client, what):
    service = getattr(client.v1, what)
    listed = service.list({"limit": 1} | ({"status": "all"} if what == "subscriptions" else {}))
    if listed.data:
        assert service.retrieve(listed.data[0].id).to_dict() == listed.data[0].to_dict()


def test_payment_methods_are_a_customers_and_nobody_lists_all_of_them(fake, client):
    shelf = fake.world.view().shelves["payment_method"]
    method = next(each for each in shelf.newest_first() if each["customer"])

    found = client.v1.customers.payment_methods.list(method["customer"])

    assert method["id"] in ids(found.data)
    assert client.v1.payment_methods.list().data == []


def test_items_are_cut_at_ten_and_listed_further():
    fake = FakeStripe(World(customers=0, quiet=2, wide=1))
    with serving(fake) as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
        wide = client.v1.subscriptions.list({"limit": 2}).data[-1]
        items = client.v1.subscription_items.list({"subscription": wide.id, "limit": 5})

        assert len(wide["items"].data) == 10
        assert wide["items"].has_more
        assert len(list(items.auto_paging_iter())) == 12
        assert ids(items.data) == ids(wide["items"].data[:5])


def test_lines_of_an_invoice_are_a_list_of_their_own(client):
    invoice = client.v1.invoices.list({"limit": 1}).data[0]

    lines = client.v1.invoices.line_items.list(invoice.id, {"limit": 100})

    assert ids(lines.data) == ids(invoice.lines.data)


async def test_stripes_asynchronous_client_reads_it_too(url):
    http = stripe.AIOHTTPClient()
    client = stripe.StripeClient(API_KEY, base_addresses={"api": url}, http_client=http)
    try:
        page = await client.v1.customers.list_async({"limit": 100})
        found = [each.id async for each in page.auto_paging_iter()]
    finally:
        await http.close_async()

    assert len(found) == len(set(found)) > 10


def test_of_a_hundred_thousand_customers_only_those_on_the_page_are_made(monkeypatch):
    made = []
    make = Quiet.customer
    monkeypatch.setattr(Quiet, "customer", lambda *which: made.append(1) or make(*which))
    fake = FakeStripe(World(customers=0, quiet=100_000))

    with serving(fake) as url:
        client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
        page = client.v1.customers.list({"limit": 100})
        client.v1.customers.list({"limit": 100, "starting_after": page.data[-1].id})

    assert page.has_more
    assert len(made) < 300
