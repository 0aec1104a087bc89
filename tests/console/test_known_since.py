"""Given an account that was connected late, shares of before are not known, not 100 %."""

from __future__ import annotations

import re

import orjson
import pytest
from sqlalchemy import insert, select, update

from console.queries.known_since import known_since
from console.queries.periods import month_of
from console.queries.revenue_page import cohorts_page
from console.read_model.tables import source_states
from console.read_model.update_tables import mrr_movements
from filled import UNTIL
from web import client

CONNECTED = 1_780_358_400
"""2026-06-02T00:00:00Z."""
LIVE = {"livemode": True, "currency": "usd"}


def connected(engine, account):
    body = orjson.dumps({"started_at": CONNECTED, "connected_at": CONNECTED}).decode()
    with engine.begin() as connection:
        key = f"{account}/backfill"
        connection.execute(source_states.delete().where(source_states.c.key == key))
        connection.execute(insert(source_states).values(key=key, body=body))


def opened(engine, *, at):
    """Make one live movement in US dollars an opening."""
    with engine.begin() as connection:
        table = mrr_movements.c
        is_live = (table.livemode, table.currency == "usd", table.effective_at < CONNECTED)
        chosen = connection.scalar(select(table.id).where(*is_live).limit(1))
        assert chosen
        connection.execute(
            update(mrr_movements)
            .where(table.id == chosen)
            .values(movement="opening", effective_at=at)
        )


@pytest.fixture
def back_filled(filled):
    connected(filled, "main/-/live")
    opened(filled, at=CONNECTED - 1)
    return filled


def test_where_nothing_was_there_before_all_is_known(filled):
    connected(filled, "main/-/live")

    with filled.connect() as connection:
        assert known_since(connection, **LIVE) is None


def test_openings_say_that_something_was_there_before(back_filled):
    connected(back_filled, "main/-/test")
    connected(back_filled, "other/-/live")

    with back_filled.connect() as connection:
        assert known_since(connection, **LIVE) == CONNECTED
        assert known_since(connection, livemode=True, currency="eur") is None
        assert known_since(connection, livemode=False, currency="usd") is None


def test_only_months_that_began_after_the_connection_have_shares(back_filled):
    with back_filled.connect() as connection:
        found = cohorts_page(connection, now=UNTIL, **LIVE)

    assert found.known_since == "2026-06-02"
    for each in found.retention:
        is_known = each.month > "2026-06"
        assert each.is_known == is_known
        assert (each.net is None) == (each.gross is None) == (each.churn is None) == (not is_known)
        assert each.net_year is each.gross_year is None
    for each in found.cohorts:
        is_known = each.month > "2026-06"
        assert each.is_known == is_known
        assert {month.payers_share is not None for month in each.months} == {is_known}


def test_who_was_connected_as_a_month_began_knows_that_month(back_filled):
    begin = CONNECTED - 86_400
    body = orjson.dumps({"started_at": begin, "connected_at": begin}).decode()
    with back_filled.begin() as connection:
        key = source_states.c.key == "main/-/live/backfill"
        connection.execute(update(source_states).where(key).values(body=body))
    opened(back_filled, at=begin - 1)

    with back_filled.connect() as connection:
        found = cohorts_page(connection, now=UNTIL, **LIVE)

    assert month_of(begin) == 2026 * 12 + 5
    assert next(each.month for each in found.retention if each.is_known) == "2026-06"


def test_the_page_says_why(back_filled):
    page = re.sub("<[^>]*>", "", client(back_filled).get("/revenue?currency=usd").text)

    assert "Shares are not known before 2 Jun 2026" in page
    assert "as far as is known" in page
    assert "Who ceased to pay before 2 Jun 2026" in page
