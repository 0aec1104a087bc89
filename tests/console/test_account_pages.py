"""Pages of accounts, as a browser without JavaScript gets them."""

from __future__ import annotations

import re
import shutil
from html import escape, unescape

import orjson
import pytest
from sqlalchemy import create_engine, select, update

from console.read_model.log_tables import objects
from console.read_model.tables import account_rows, accounts
from filled import NASTY, NASTY_WORDS, TRIAL_RUN
from web import client

PAGES = ["", "/timeline", "/objects", "/why", "/why/stage", "/past", "/past?at=2026-06-01"]
LONG = "ä" * 10_000


@pytest.fixture(scope="module")
def browser(filled_file, tmp_path_factory):
    file = tmp_path_factory.mktemp("pages") / "read_model.db"
    shutil.copy(filled_file, file)
    return client(create_engine(f"sqlite:///{file}"))


def some_subject(browser) -> str:
    with browser.console.read_model.connect() as connection:
        statement = select(accounts.c.subject).where(accounts.c.customer != "cus_nasty")
        return connection.execute(statement.order_by(accounts.c.sort_name).limit(1)).scalar_one()


def assert_escaped(html: str) -> None:
    assert "<script>alert" not in html
    assert NASTY_WORDS not in html
    assert "49}" not in html
    # No script but ours, and no data block that ends early.
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert 'src="/static/' in attributes or orjson.loads(body)


def test_the_list_shows_nasty_words_as_words(browser):
    html = browser.get("/accounts?q=cus_nasty").text

    assert_escaped(html)
    assert escape(NASTY_WORDS, quote=False) in html.replace("&#34;", '"').replace("&#39;", "'")


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_a_nasty_customer_show_its_words_as_words(browser, page):
    answer = browser.get(f"/accounts/{NASTY}{page}")

    assert answer.status_code == 200
    assert_escaped(answer.text)


def test_an_object_of_a_nasty_customer_is_shown_whole(browser):
    html = browser.get(f"/accounts/{NASTY}/objects/cus_nasty").text

    assert_escaped(html)
    body = unescape(re.search(r"<pre[^>]*><code>(.*?)</code>", html, re.DOTALL)[1])
    assert orjson.loads(body)["name"] == NASTY_WORDS


def test_a_name_of_ten_thousand_letters_is_cut_in_lists(filled):
    browser = client(filled)
    with filled.begin() as connection:
        connection.execute(
            update(accounts).where(accounts.c.subject == NASTY).values(name=LONG, sort_name="a")
        )

    listed = browser.get("/accounts?q=cus_nasty").text
    page = browser.get(f"/accounts/{NASTY}").text

    # What the pointer shows is longer, but not endless.
    assert f"<bdi>{LONG[:121]}" not in listed
    assert LONG[:501] not in listed
    assert LONG[:100] in listed
    assert LONG[:300] not in page


def test_what_is_asked_for_stands_in_the_form_and_as_chips(browser):
    html = browser.get("/accounts?stage=Customer&q=%3Cb%3E&renews=30d&sort=-mrr").text

    assert '<option value="Customer" selected>' in html
    assert 'value="&lt;b&gt;"' in html
    assert re.findall(r'<a class="chip"[^>]*>([^<]+) <', html) == [
        "Search: &lt;b&gt;",
        "Stage: Customer",
        "Renews: within 30 days",
    ]


def test_a_chip_takes_its_filter_away_and_leaves_the_others(browser):
    html = browser.get("/accounts?stage=Customer&renews=30d&sort=-mrr&offset=50").text

    first = unescape(re.search(r'<a class="chip" href="([^"]+)"', html)[1])
    assert first == "/accounts?renews=30d&sort=-mrr"


def test_what_is_not_understood_is_left_out_and_said(browser):
    answer = browser.get("/accounts?renews=sometimes&currency=Euro&stage=Customer&offset=-3")

    assert answer.status_code == 200
    assert "left out: currency, renews" in answer.text
    assert "Stage: Customer" in answer.text


def test_pages_lead_through_all_accounts(browser):
    seen, address = list[str](), "/accounts?deleted=yes"
    while address:
        html = browser.get(address).text
        seen += re.findall(r'<tr id="row-([^"]+)">', html)
        following = re.search(r'<a rel="next" href="([^"]+)"', html)
        address = unescape(following[1]) if following else ""

    total = int(re.search(r"of (\d+)", html)[1])
    assert len(seen) == len(set(seen)) == total > 100


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/main/-/live/cus_nobody",
        "/accounts/main/-/live/cus_nobody/timeline",
        "/accounts/main/-/live/cus_nobody/objects",
        "/accounts/main/-/live/cus_nobody/why",
        "/accounts/main/-/live/cus_nobody/why/stage",
        "/accounts/main/-/live/cus_nobody/past?at=2026-06-01",
        f"/accounts/{NASTY}/objects/in_nobody",
        f"/accounts/{NASTY}/objects/cus_trial_run",
        "/accounts/main",
    ],
)
def test_what_is_not_there_is_not_found(browser, address):
    answer = browser.get(address)

    assert answer.status_code == 404
    assert "Back to the accounts" in answer.text


def test_an_object_of_another_customer_is_not_shown(browser):
    other = some_subject(browser)
    with browser.console.read_model.connect() as connection:
        invoice = (
            connection.execute(
                select(objects.c.id).where(
                    objects.c.customer == other.rpartition("/")[2], objects.c.kind == "invoice"
                )
            )
            .scalars()
            .first()
        )
    assert invoice

    assert browser.get(f"/accounts/{other}/objects/{invoice}").status_code == 200
    assert browser.get(f"/accounts/{NASTY}/objects/{invoice}").status_code == 404


def test_links_into_stripe_name_the_mode(browser):
    live = browser.get(f"/accounts/{NASTY}").text
    test = browser.get(f"/accounts/{TRIAL_RUN}").text

    assert "https://dashboard.stripe.com/customers/cus_nasty" in live
    assert "https://dashboard.stripe.com/test/customers/cus_trial_run" in test
    assert "test mode" in test


def test_without_kafka_the_past_says_what_to_do(browser):
    html = browser.get(f"/accounts/{NASTY}/past?at=2026-06-01").text

    assert "bootstrap_servers" in html


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "99999-01-01", "<b>"])
def test_a_time_that_is_none_is_said(browser, at):
    answer = browser.get(f"/accounts/{NASTY}/past", params={"at": at})

    assert answer.status_code == 200
    assert "is no time" in answer.text


def test_pending_mrr_is_never_shown_as_zero(browser):
    with browser.console.read_model.connect() as connection:
        pending = connection.execute(
            select(accounts.c.subject, account_rows.c.row)
            .join(account_rows, account_rows.c.subject == accounts.c.subject)
            .where(accounts.c.pending > 0)
        ).all()
    assert pending
    for subject, row in pending:
        html = browser.get(f"/accounts/{subject}/why").text
        shown = re.search(r'<div class="stat-value">(.*?)</div>\s*<p', html, re.DOTALL)[1]
        assert "unknown" in shown
        known = [it["amount_minor"] for it in orjson.loads(row)["mrr"].values()]
        assert any(known) or not re.search(r"[$€¥]\s*0", shown)
