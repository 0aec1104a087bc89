"""Given a rehearsal over many, the largest change comes first, and who is gone is told."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from console.actions.settings import REHEARSAL
from console.queries import rehearsal
from console.queries.rehearsal import Result
from console.read_model.ahead import CHANGELOG
from console.read_model.tables import accounts
from filled import UNTIL
from schemas.codec import decode_row
from schemas.settings import BusinessSettings, Mrr, SettingsInForce, Stages
from streams.rehearsal import rehearsed
from web import client

KNOWN = BusinessSettings().stages.rules[1].model_copy(update={"name": "Known"})
CONTENT = BusinessSettings(
    stages=Stages(rules=(KNOWN,), precedence=("Known",)),
    mrr=Mrr(preset="net", count_past_due=False),
)
"""Most customers change their stage, and some their MRR."""


@pytest.fixture
def rows(year):
    """The newest row of each customer; one of those without a subscription is deleted."""
    newest = {each.key: decode_row(each.value) for each in year if each.topic == CHANGELOG}
    return [newest[key] for key in sorted(newest)]


def result_of(rows) -> Result:
    made = Result(content=CONTENT, hash=CONTENT.content_hash(), base_version=0)
    for one in rehearsed(((row, SettingsInForce()) for row in rows), CONTENT, now=UNTIL):
        made.add(one)
    made.finish(UNTIL)
    return made


def test_the_largest_change_of_mrr_comes_first_then_names_decide(rows, filled):
    result = result_of(rows)

    with filled.connect() as connection:
        named = result.named(connection, livemode=True)
        names = dict(connection.execute(select(accounts.c.subject, accounts.c.sort_name)).all())

    assert len(named) > 100
    assert named[0].largest > 0
    keys = [(-each.largest, names[each.subject]) for each in named]
    assert keys == sorted(keys)
    assert {each.subject for each in named} == {each.subject for each in result.moved[True]}


def test_of_two_currencies_the_larger_change_counts_in_whole_units(rows):
    one = replace(result_of(rows).moved[True][0], mrr={"usd": -1_250, "jpy": 13})

    assert one.largest == 13


def test_of_too_many_those_with_the_largest_change_are_named(rows, monkeypatch):
    largest = result_of(rows).moved[True][0]
    monkeypatch.setattr(rehearsal, "NAMED_MAX", 2)

    result = result_of(rows)

    assert largest in result.moved[True]
    assert len(result.moved[True]) == 2
    assert result.sum(livemode=True).changed > 100


def test_customers_that_were_deleted_are_counted_and_said_to_be(rows):
    gone = {each.subject for each in rows if each.facts.deleted_at and "/live/" in each.subject}
    result = result_of(rows)

    assert result.sum(livemode=True).deleted == len(gone) > 0
    assert result.sum(livemode=False).deleted == 0
    moved = result.moved[True]
    assert {each.subject for each in moved if each.is_deleted} == {
        each.subject for each in moved if each.subject in gone
    }


def test_the_page_says_how_many_were_deleted_and_names_them_in_order(rows, filled):
    here = client(filled)
    found = result_of(rows)
    jobs = here.console.jobs
    jobs.start(REHEARSAL, lambda _: found, by="ana", clock=here.console.clock, about=found.hash)
    while jobs.latest(REHEARSAL).is_running:
        time.sleep(0.01)

    page = here.get("/settings/rehearsal?mode=live").text

    gone = sum(1 for each in rows if each.facts.deleted_at and "/live/" in each.subject)
    assert f"{gone} of them deleted at Stripe" in page
    with filled.connect() as connection:
        first, second = found.named(connection, livemode=True)[:2]
    assert 0 < page.index(f"/accounts/{first.subject}") < page.index(f"/accounts/{second.subject}")
