"""Accounts, revenue, renewals and automations say the same on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from console.queries.account_choices import choices
from console.queries.account_search import AccountSearch
from console.queries.accounts import accounts_page
from console.queries.automation import (
    armed_by_day,
    moments_by_day,
    moments_of,
    skip_reasons,
    timers,
)
from console.queries.automations import rules
from console.queries.health import read_model_health
from console.queries.movements import movements_page
from console.queries.periods import month_of
from console.queries.renewal_list import at_risk, renewals_at_risk, renewals_page
from console.queries.renewals import month_of_renewals
from console.queries.revenue_page import Asked, cohorts_page, funnel_page, revenue_page
from console.read_model.database import open_read_model
from databases import options_of
from filled import UNTIL, fill

LIVE = {"livemode": True}
RULE = {"automation": "renewal-7d", **LIVE}
NOW = {"now": UNTIL}
MONTH = {"begin": UNTIL, "end": UNTIL + 30 * 86_400}


@pytest.fixture(scope="module")
def both(year, postgresql_server, tmp_path_factory):
    """The same year in a database of each kind."""
    folder = tmp_path_factory.mktemp("both")
    lite = create_engine(f"sqlite:///{folder / 'read_model.db'}")
    big = open_read_model(options_of("postgresql", folder, postgresql_server))
    with big.begin() as connection:
        connection.exec_driver_sql("DELETE FROM about")
    for engine in (lite, big):
        fill(engine, year)
    yield lite, big
    for engine in (lite, big):
        engine.dispose()


@pytest.mark.parametrize(
    "asked",
    [
        lambda it: choices(it, **LIVE),
        lambda it: accounts_page(it, AccountSearch(sort="-mrr"), **LIVE, **NOW, limit=20),
        lambda it: accounts_page(it, AccountSearch(q="a"), **LIVE, **NOW, limit=20),
        lambda it: accounts_page(
            it, AccountSearch(currency="eur", sort="mrr"), **LIVE, **NOW, limit=20, offset=5
        ),
        lambda it: read_model_health(it, **LIVE, **NOW),
        lambda it: revenue_page(it, Asked(span="all", step="week"), **LIVE, **NOW),
        lambda it: cohorts_page(it, currency="eur", **LIVE, **NOW),
        lambda it: funnel_page(it, Asked(span="12m"), **LIVE, **NOW),
        lambda it: movements_page(it, Asked(span="all"), **LIVE, **NOW, limit=20),
        lambda it: month_of_renewals(it, month=month_of(UNTIL), **LIVE),
        lambda it: renewals_page(it, **LIVE, **MONTH),
        lambda it: at_risk(it, **LIVE),
        lambda it: renewals_at_risk(it, risk="cancel_scheduled", **LIVE),
        lambda it: rules(it, **LIVE, **NOW),
        lambda it: moments_by_day(it, **RULE, **NOW),
        lambda it: moments_of(it, **RULE, limit=20),
        lambda it: skip_reasons(it, **RULE, **NOW),
        lambda it: armed_by_day(it, **RULE, **NOW),
        lambda it: timers(it, **LIVE, limit=200),
    ],
)
def test_both_databases_answer_alike(both, asked):
    with both[0].connect() as lite, both[1].connect() as big:
        assert asked(lite) == asked(big)
