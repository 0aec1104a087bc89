"""The list of accounts: what is asked for against the rows themselves, one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, select

from console.queries.account_choices import choices
from console.queries.account_search import AccountSearch
from console.queries.accounts import AccountLine, accounts_page, all_accounts
from console.read_model.records import seconds
from console.read_model.tables import account_rows
from filled import NASTY, NASTY_WORDS, TRIAL_RUN, UNTIL
from schemas.customer_row import CustomerRow
from schemas.errors import SubfoldError

DAY_S = 86_400
ALL = {"deleted": "yes"}
Says = Callable[[CustomerRow], bool]


@pytest.fixture
def connection(filled: Engine):
    with filled.connect() as opened:
        yield opened


def rows_of(connection: Connection, *, livemode: bool = True) -> list[CustomerRow]:
    found = connection.execute(select(account_rows.c.row)).scalars()
    rows = [CustomerRow.model_validate_json(text) for text in found]
    return [row for row in rows if row.livemode == livemode]


def subjects(connection: Connection, *, livemode: bool = True, **asked: object) -> list[str]:
    search = AccountSearch.model_validate(asked)
    found = all_accounts(connection, search, livemode=livemode, now=UNTIL)
    return [line.subject for line in found]


def renews(row: CustomerRow) -> int | None:
    return seconds(row.renewal.renews_at) if row.renewal.renews_at else None


def decided_by(row: CustomerRow) -> str | None:
    by_id = {each.id: each.status for each in row.subscriptions}
    return by_id[row.stage.subscription] if row.stage else None


def is_ending(row: CustomerRow) -> bool:
    over = {"canceled", "incomplete_expired", "incomplete"}
    return any(each.cancel_scheduled and each.status not in over for each in row.subscriptions)


def within(row: CustomerRow, days: int) -> bool:
    at = renews(row)
    return at is not None and UNTIL <= at <= UNTIL + days * DAY_S


def between(row: CustomerRow, first: date, last: date) -> bool:
    at = renews(row)
    return at is not None and first <= datetime.fromtimestamp(at, UTC).date() <= last


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, lambda row: row.customer.deleted_at is None),
        (ALL, lambda row: True),
        ({"deleted": "only"}, lambda row: row.customer.deleted_at is not None),
        (ALL | {"stage": "Customer"}, lambda row: row.stage and row.stage.name == "Customer"),
        (ALL | {"stage": "Churn"}, lambda row: row.stage and row.stage.name == "Churn"),
        (ALL | {"stage": "-"}, lambda row: row.stage is None),
        (ALL | {"status": "trialing"}, lambda row: decided_by(row) == "trialing"),
        (ALL | {"status": "-"}, lambda row: decided_by(row) is None),
        (ALL | {"renews": "7d"}, lambda row: within(row, 7)),
        (ALL | {"renews": "30d"}, lambda row: within(row, 30)),
        (ALL | {"renews": "90d"}, lambda row: within(row, 90)),
        (ALL | {"renews": "overdue"}, lambda row: renews(row) is not None and renews(row) < UNTIL),
        (ALL | {"renews": "none"}, lambda row: renews(row) is None),
        (
            ALL | {"renews": "custom", "renews_from": "2027-01-10", "renews_to": "2027-02-03"},
            lambda row: between(row, date(2027, 1, 10), date(2027, 2, 3)),
        ),
        (ALL | {"currency": "eur"}, lambda row: "eur" in row.mrr),
        (ALL | {"contact": "linked"}, lambda row: row.contact is not None),
        (ALL | {"contact": "unlinked"}, lambda row: row.contact is None),
        (ALL | {"risk": "cancel_scheduled"}, is_ending),
        (
            ALL | {"risk": "past_due"},
            lambda row: any(each.status in {"past_due", "unpaid"} for each in row.subscriptions),
        ),
        (ALL | {"source": "main"}, lambda row: True),
        (ALL | {"source": "other"}, lambda row: False),
        (ALL | {"q": "FREIGHT"}, lambda row: "freight" in (row.customer.name or "").lower()),
        (
            ALL | {"q": "cus_8 billing"},
            lambda row: "cus_8" in row.customer.id and "billing" in (row.customer.email or ""),
        ),
    ],
)
def test_each_filter_gives_what_the_rows_say(connection, asked, says):
    expected = {row.subject for row in rows_of(connection) if says(row)}

    found = subjects(connection, **asked)

    assert set(found) == expected
    assert len(found) == len(expected)


def test_filters_that_find_nothing_or_everything_would_prove_nothing(connection):
    everything = len(rows_of(connection))

    for asked in ({"stage": "Churn"}, {"renews": "30d"}, {"currency": "eur"}, {"q": "freight"}):
        assert 0 < len(subjects(connection, **ALL, **asked)) < everything


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("name", lambda row: (row.customer.name or row.customer.email or row.customer.id).lower()),
        ("renewal", renews),
        ("since", lambda row: seconds(row.stage.since) if row.stage else None),
        ("mrr", lambda row: max((it.amount_minor for it in row.mrr.values()), default=None)),
    ],
)
def test_sorting_goes_by_the_rows_and_puts_the_unknown_last(connection, sort, key):
    keys = {row.subject: key(row) for row in rows_of(connection)}
    known = sorted(it for it in keys.values() if it is not None)

    rising = [keys[each] for each in subjects(connection, sort=sort, **ALL)]
    falling = [keys[each] for each in subjects(connection, sort=f"-{sort}", **ALL)]

    unknown = [None] * (len(keys) - len(known))
    assert rising == known + unknown
    assert falling == known[::-1] + unknown


def test_mrr_is_sorted_by_the_currency_that_is_asked_for(connection):
    eur = {
        row.subject: row.mrr["eur"].amount_minor for row in rows_of(connection) if "eur" in row.mrr
    }

    found = subjects(connection, sort="-mrr", currency="eur", **ALL)

    assert [eur[each] for each in found] == sorted(eur.values(), reverse=True)


@pytest.mark.parametrize("sort", ["name", "-name", "mrr", "-mrr", "renewal", "-renewal", "-since"])
@pytest.mark.parametrize("currency", [None, "usd"])
@pytest.mark.parametrize("narrowed", [{}, {"q": "cus_"}])
def test_pages_give_every_account_once_and_in_order(connection, sort, currency, narrowed):
    asked = {"sort": sort, "currency": currency, **ALL, **narrowed}
    search = AccountSearch.model_validate(asked)
    found, cursor = list[AccountLine](), None

    while cursor or not found:
        page = accounts_page(connection, search, livemode=True, now=UNTIL, limit=7, cursor=cursor)
        assert page.total == len(subjects(connection, **asked))
        found += page.accounts
        cursor = page.cursor

    assert [line.subject for line in found] == subjects(connection, **asked)


def test_an_offset_leads_to_the_same_as_a_cursor(connection):
    search = AccountSearch()
    first = accounts_page(connection, search, livemode=True, now=UNTIL, limit=10)

    by_cursor = accounts_page(
        connection, search, livemode=True, now=UNTIL, limit=10, cursor=first.cursor
    )
    by_offset = accounts_page(connection, search, livemode=True, now=UNTIL, limit=10, offset=10)

    assert by_offset.accounts == by_cursor.accounts


@pytest.mark.parametrize("cursor", ["", "x", "WzEsMl0=", "WyJhIiwiYiJd", "bnVsbA=="])
def test_a_cursor_of_another_list_is_refused(connection, cursor):
    with pytest.raises(SubfoldError, match="cursor"):
        accounts_page(
            connection, AccountSearch(sort="mrr"), livemode=True, now=UNTIL, limit=1, cursor=cursor
        )


def test_modes_are_kept_apart(connection):
    assert subjects(connection, livemode=False) == [TRIAL_RUN]
    assert TRIAL_RUN not in subjects(connection, **ALL)
    assert choices(connection, livemode=False).stages == ("Customer",)


@pytest.mark.parametrize("words", [NASTY_WORDS, "<script>", "'`=cmd|", "{{ 7*7 }}", "🧨"])
def test_whatever_was_written_into_a_name_is_found_by_it(connection, words):
    assert subjects(connection, q=words) == [NASTY]


@pytest.mark.parametrize("words", ["100%", "c_s", "\\", "%", "_nothing_"])
def test_signs_of_sql_mean_themselves(connection, words):
    expected = {
        row.subject
        for row in rows_of(connection)
        if words in f"{row.customer.id} {row.customer.name} {row.customer.email}".lower()
    }

    assert set(subjects(connection, q=words)) == expected == set()


def test_what_is_unknown_of_mrr_is_said_and_never_zero(connection):
    rows = {row.subject: row for row in rows_of(connection)}

    for line in all_accounts(connection, AccountSearch(), livemode=True, now=UNTIL):
        row = rows[line.subject]
        assert [(it.subscription, it.reason) for it in line.pending] == [
            (it.subscription, it.reason) for it in row.pending
        ]
        assert {it.currency: it.mrr_exact for it in line.mrr} == {
            currency: amount.exact for currency, amount in row.mrr.items()
        }
    assert any(row.pending for row in rows.values())
