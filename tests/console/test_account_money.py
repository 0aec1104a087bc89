"""What the page of an account says is owed, paid and worth, and where that is not known."""

from __future__ import annotations

import re
from dataclasses import asdict
from html import unescape

import orjson
import pytest
from sqlalchemy import select, update

from console.queries.overdue import overdue
from console.read_model.log_tables import objects
from console.read_model.tables import account_rows
from filled import NASTY, UNTIL
from web import client

DAY_S = 86_400


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def invoice(filled):
    """Writes the newest invoice of the customer with strange strings."""

    def write(**fields: object) -> None:
        where = objects.c.id == "in_cus_nasty"
        with filled.begin() as connection:
            body = orjson.loads(connection.scalar(select(objects.c.body).where(where)))
            body |= fields
            values = {"body": orjson.dumps(body).decode(), "status": body["status"]}
            connection.execute(update(objects).where(where).values(values))

    return write


def owed(filled):
    with filled.connect() as connection:
        return overdue(connection, NASTY, now=UNTIL)


def test_an_open_invoice_whose_due_date_is_over_is_owed_since_then(filled, invoice):
    invoice(status="open", due_date=UNTIL - 3 * DAY_S, amount_remaining=4_900, currency="usd")

    (found,) = owed(filled)
    browser = client(filled)
    page = text_of(browser.get(f"/accounts/{NASTY}").text)

    assert (found.invoice, found.amount_minor) == ("in_cus_nasty", 4_900)
    assert browser.get(f"/api/v1/accounts/{NASTY}/overdue").json() == [asdict(found)]
    assert "Overdue since 29 Dec 2026" in page
    assert "$49.00 of in_cus_nasty , since 29 Dec 2026" in page


def test_one_that_is_charged_in_vain_is_owed_since_it_was_final(filled, invoice):
    times = {"finalized_at": UNTIL - 5 * DAY_S}
    invoice(status="open", attempt_count=2, amount_remaining=100, status_transitions=times)

    assert [each.since for each in owed(filled)] == [UNTIL - 5 * DAY_S]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "open", "due_date": UNTIL + 1},
        {"status": "open", "attempt_count": 0},
        {"status": "paid", "due_date": UNTIL - DAY_S},
        {"status": "void", "attempt_count": 3},
    ],
)
def test_what_is_not_late_or_not_open_is_not_owed(filled, invoice, fields):
    invoice(**fields)

    assert owed(filled) == ()
    assert "Overdue" not in client(filled).get(f"/accounts/{NASTY}").text


def test_a_paid_invoice_is_paid_and_not_due(filled):
    page = text_of(client(filled).get(f"/accounts/{NASTY}").text)

    assert re.search(r"Payment paid in_cus_nasty : \$\S+ paid", page)
    assert " due, " not in page


def test_what_has_ended_is_worth_nothing_and_not_unknown(filled):
    with filled.connect() as connection:
        rows = connection.scalars(select(account_rows.c.row)).all()
    row = next(
        row
        for row in map(orjson.loads, rows)
        if row["subscriptions"]
        and not row["pending"]
        and all(each["ended_at"] for each in row["subscriptions"])
    )
    page = text_of(client(filled).get(f"/accounts/{row['subject']}").text)

    assert "it has ended" in page
    assert "unknown" not in page


def test_unknown_is_said_with_why(filled):
    with filled.connect() as connection:
        rows = connection.scalars(select(account_rows.c.row)).all()
    row = next(row for row in map(orjson.loads, rows) if row["pending"])
    html = client(filled).get(f"/accounts/{row['subject']}").text

    assert "unknown" in html
    assert re.search(r'title="[^"]{20,}">unknown</span></td>', html)
