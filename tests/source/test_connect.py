"""Given a Stripe: what `subfold connect` makes there, adopts, refuses and takes away."""

from __future__ import annotations

import stat

import orjson
import pytest

from connect_stage import endpoints
from fake_stripe.fake import API_KEY
from schemas.wire.events import API_VERSION
from streams.fold.event_types import EVENT_TYPES
from streams.source.connect import door_url

READING = (
    "coupon_read",
    "customer_read",
    "event_read",
    "invoice_read",
    "payment_method_read",
    "plan_read",
    "product_read",
    "subscription_read",
)
HISTORY = ("charge_read", "checkout_session_read", "credit_note_read", "dispute_read", "quote_read")


async def test_an_endpoint_is_made_with_our_version_and_types_and_its_secret_is_for_its_owner(
    edge, url
):
    done = await edge.run("connect", "--url", url, "--secret-file", "secret", "--json")

    assert done.returncode == 0, done.stderr
    [endpoint] = endpoints(edge)
    assert (endpoint.url, endpoint.api_version) == (url, API_VERSION)
    assert set(endpoint.enabled_events) == set(EVENT_TYPES)
    kept = edge.here.folder / "secret"
    assert kept.read_text() == endpoint.secrets[0]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert endpoint.secrets[0] not in done.stdout + done.stderr
    line = orjson.loads(done.stdout)
    assert (line["endpoints"][0]["is_new"], line["verified"]) == (True, False)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "--secret-file"),
        (("--secret-file", "old"), "is there already"),
        (("--secret-file", "no/where"), "cannot be written"),
    ],
)
async def test_without_a_place_for_the_secret_nothing_is_made(edge, url, words, complaint):
    (edge.here.folder / "old").write_text("mine")

    done = await edge.run("connect", "--url", url, *words)

    assert done.returncode == 2
    assert complaint in done.stderr
    assert endpoints(edge) == []
    assert (edge.here.folder / "old").read_text() == "mine"


async def test_an_address_that_stripe_refuses_leaves_no_file(edge):
    done = await edge.run("connect", "--url", "ftp://x/webhooks/stripe/main", "--secret-file", "s")

    assert done.returncode == 1
    assert "Invalid URL" in done.stderr
    assert not (edge.here.folder / "s").exists()


async def test_an_endpoint_that_is_there_is_adopted_and_gets_exactly_our_types(edge, url):
    edge.fake.account.endpoints.add(
        url, api_version=API_VERSION, enabled_events=["payout.paid"], status="disabled"
    )

    await edge.run("connect", "--url", url, "--wait", "1")

    [endpoint] = endpoints(edge)
    assert set(endpoint.enabled_events) == set(EVENT_TYPES)
    assert endpoint.status == "enabled"


async def test_all_that_a_key_lacks_is_named_at_once_and_nothing_is_made(edge, url):
    edge.fake.add_key("rk_test_little", *READING[1:], *HISTORY[1:])

    done = await edge.run(
        "connect",
        *("--url", url, "--secret-file", "secret"),
        SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_little",
    )

    assert done.returncode == 2
    for word in (
        "Coupons: Read (discounts in MRR)",
        "Charges and Refunds: Read (past payments and refunds)",
        "Webhook Endpoints: Write (making the endpoint)",
    ):
        assert word in done.stderr
    assert "https://dashboard.stripe.com/test/apikeys/create?" in done.stderr
    assert "rak_charge_read" in done.stderr
    assert "rk_test_little" not in done.stderr
    assert endpoints(edge) == []


async def test_a_key_that_may_read_what_we_read_is_good_and_enough_for_a_backfill(edge):
    """`GET /v1/account` is none of it: not every restricted key can be given that right."""
    edge.fake.add_key("rk_test_reads", *READING)
    key = {"SUBFOLD_SOURCES__MAIN__API_KEY": "rk_test_reads"}

    checked = await edge.run("connect", "--check", **key)
    filled = await edge.run("backfill", "--no-history", **key)

    assert checked.returncode == 0, checked.stderr
    assert "the API key is good" in checked.stdout
    assert "warning: main/-/test: the API key lacks: Charges and Refunds: Read" in checked.stderr
    assert filled.returncode == 0, filled.stderr
    assert len(await edge.log()) > 0


async def test_a_key_that_lacks_history_connects_with_a_warning_and_json_names_what_it_lacks(
    edge, url
):
    edge.fake.add_key("rk_test_most", *READING, *HISTORY[:2], *HISTORY[4:], "webhook_write")
    key = {"SUBFOLD_SOURCES__MAIN__API_KEY": "rk_test_most"}

    checked = await edge.run("connect", "--check", "--json", **key)
    done = await edge.run("connect", "--url", url, "--secret-file", "secret", **key)

    lacking = ["Credit Notes: Read", "Disputes: Read"]
    line = orjson.loads(checked.stdout)
    assert (line["missing"], line["history_missing"]) == ([], {"main/-/test": lacking})
    assert done.returncode == 0, done.stderr
    assert "Credit Notes: Read (past credit notes), Disputes: Read (past disputes)" in done.stderr
    assert "rak_dispute_read" in done.stderr
    assert len(endpoints(edge)) == 1


async def test_a_platform_has_a_second_endpoint_for_connected_accounts(edge, url):
    config = edge.here.folder / "subfold.toml"
    config.write_text('[[sources]]\nid = "main"\ntest = true\naccounts = ["*"]\n')

    done = await edge.run("connect", "--url", url, "--secret-file", "secret")
    again = await edge.run("connect", "--url", url, "--wait", "1")

    assert done.returncode == 0, done.stderr
    assert [each.connect for each in endpoints(edge)] == [False, True]
    secrets = [each.secrets[0] for each in endpoints(edge)]
    assert (edge.here.folder / "secret").read_text() == ",".join(secrets)
    assert "not connected" in again.stderr


async def test_what_is_back_filled_after_connecting_is_as_old_as_the_connection(edge, url):
    await edge.run("connect", "--url", url, "--secret-file", "secret")
    connected_at = edge.fake.world.now - 1  # the last second that is surely over
    await edge.fake.advance(days=1)

    await edge.run("backfill", "--no-history")

    assert {body["connected_at"] for _, body in await edge.log()} == {connected_at}


async def test_without_a_key_nobody_is_asked_where_nobody_is(edge, url):
    done = await edge.run("connect", "--url", url, SUBFOLD_SOURCES__MAIN__API_KEY_FILE="/dev/null")

    assert done.returncode == 2
    assert "set STRIPE_API_KEY or SUBFOLD_SOURCES__MAIN__API_KEY" in done.stderr


async def test_disconnecting_disables_or_deletes_and_says_what_to_remove(edge, url):
    nothing = await edge.run("disconnect")
    assert nothing.returncode == 2
    assert "no connection" in nothing.stderr
    await edge.run("connect", "--url", url, "--secret-file", "secret")

    disabled = await edge.run("disconnect")
    assert disabled.returncode == 0, disabled.stderr
    assert [each.status for each in endpoints(edge)] == ["disabled"]
    assert "SUBFOLD_SOURCES__MAIN__WEBHOOK_SECRETS" in disabled.stdout

    deleted = await edge.run("disconnect", "--delete", "--json")
    assert orjson.loads(deleted.stdout)["account"] == "main/-/test"
    assert endpoints(edge) == []


async def test_a_key_that_may_only_read_endpoints_makes_none_and_leaves_no_file(edge, url):
    edge.fake.add_key("rk_test_reads", *READING, "webhook_read")

    done = await edge.run(
        "connect",
        *("--url", url, "--secret-file", "secret"),
        SUBFOLD_SOURCES__MAIN__API_KEY="rk_test_reads",
    )

    assert done.returncode == 2
    assert "rak_webhook_write" in done.stderr
    assert endpoints(edge) == []
    assert not (edge.here.folder / "secret").exists()


async def test_endpoints_of_a_former_address_are_disconnected_with_the_rest(edge, url):
    for each in (url, url.replace("127.0.0.1", "localhost")):
        await edge.run("connect", "--url", each, "--secret-file", f"secret{len(endpoints(edge))}")

    await edge.run("disconnect")

    assert [each.status for each in endpoints(edge)] == ["disabled", "disabled"]


async def test_two_sources_have_endpoints_secrets_and_connections_of_their_own(edge, url):
    (edge.here.folder / "subfold.toml").write_text(
        '[[sources]]\nid = "main"\ntest = true\n'
        '[[sources]]\nid = "sandbox"\nlivemode = false\ntest = true\n'
    )
    other = {
        "SUBFOLD_SOURCES__SANDBOX__API_KEY": API_KEY,
        "SUBFOLD_SOURCES__SANDBOX__API_BASE": edge.url,
    }
    words = ("--source", "sandbox")
    sandbox = url.replace("/main", "/sandbox")

    await edge.run("connect", "--url", url, "--secret-file", "one", **other)
    done = await edge.run("connect", *words, "--url", sandbox, "--secret-file", "two", **other)
    assert done.returncode == 0, done.stderr
    assert "SUBFOLD_SOURCES__SANDBOX__WEBHOOK_SECRETS_FILE=two" in done.stdout
    await edge.run("disconnect", *words, **other)

    assert [(each.url, each.status) for each in endpoints(edge)] == [
        (url, "enabled"),
        (sandbox, "disabled"),
    ]


async def test_a_door_that_the_url_does_not_name_and_a_key_that_may_do_all_are_warned_of(edge):
    edge.fake.add_key("sk_test_all")

    done = await edge.run(
        "connect",
        *("--url", "http://127.0.0.1:9/webhooks/stripe/other", "--secret-file", "secret"),
        SUBFOLD_SOURCES__MAIN__API_KEY="sk_test_all",
    )

    assert "the door of source main is at /webhooks/stripe/main" in done.stderr
    assert "a restricted key is enough" in done.stderr


@pytest.mark.parametrize(
    ("typed", "door"),
    [
        ("https://bill.example.com", "https://bill.example.com/webhooks/stripe/main"),
        ("https://bill.example.com/", "https://bill.example.com/webhooks/stripe/main"),
        ("https://bill.example.com/hooks", "https://bill.example.com/hooks"),
        ("http://[", "http://["),
        ("bill.example.com", "bill.example.com"),
        ("", ""),
    ],
)
def test_where_only_a_host_is_named_the_door_is_meant(typed, door):
    assert door_url(typed, "main") == door
