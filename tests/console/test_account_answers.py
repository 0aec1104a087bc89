"""The API says what the pages are made of; what explains MRR says what `subfold mrr` says."""

from __future__ import annotations

import shutil
from urllib.parse import quote

import orjson
import pytest
from sqlalchemy import Connection, create_engine, select
from typer.testing import CliRunner

from cli.main import app
from console.queries.account import account, settings_of
from console.queries.account_search import AccountSearch
from console.queries.accounts import accounts_page
from console.queries.coming import coming
from console.queries.stripe_objects import kinds_of, objects_page
from console.queries.timeline import UPDATE_TYPES, timeline
from console.queries.why import why_mrr
from console.read_model.log_tables import objects
from console.read_model.tables import account_rows
from console.read_model.update_tables import updates
from filled import NASTY, TRIAL_RUN, UNTIL
from schemas.customer_row import CustomerRow
from web import client

BASE = "/api/v1/accounts"


@pytest.fixture(scope="module")
def browser(filled_file, tmp_path_factory):
    file = tmp_path_factory.mktemp("api") / "read_model.db"
    shutil.copy(filled_file, file)
    return client(create_engine(f"sqlite:///{file}"))


@pytest.fixture
def connection(browser):
    with browser.console.read_model.connect() as opened:
        yield opened


def rows_of(connection: Connection) -> dict[str, CustomerRow]:
    found = connection.execute(select(account_rows.c.subject, account_rows.c.row)).all()
    return {subject: CustomerRow.model_validate_json(row) for subject, row in found}


def asked(browser, path: str, status: int = 200):
    answer = browser.get(BASE + path)
    assert answer.status_code == status, answer.text
    return answer.json()


def as_json(value: object):
    """What a dataclass is in an answer."""
    return orjson.loads(orjson.dumps(value, default=lambda it: it.model_dump(mode="json")))


def test_the_list_is_the_pages_list(browser, connection):
    search = AccountSearch(stage="Customer", sort="-mrr", currency="usd")
    page = accounts_page(connection, search, livemode=True, now=UNTIL, limit=5)

    found = asked(browser, "?stage=Customer&sort=-mrr&currency=usd&limit=5")

    assert found == as_json(page)


def test_cursors_lead_through_the_list(browser, connection):
    seen, cursor = list[str](), ""
    while cursor is not None:
        found = asked(browser, f"?deleted=yes&limit=50{cursor and f'&cursor={quote(cursor)}'}")
        seen += [each["subject"] for each in found["accounts"]]
        cursor = found["cursor"]

    live = {subject for subject, row in rows_of(connection).items() if row.livemode}
    assert len(seen) == len(live) == found["total"]
    assert set(seen) == live


def test_the_mode_is_asked_for(browser):
    assert [it["subject"] for it in asked(browser, "?mode=test")["accounts"]] == [TRIAL_RUN]


def test_one_account_is_its_row_and_its_course(browser, connection):
    for subject in list(rows_of(connection))[:10]:
        assert asked(browser, f"/{subject}") == as_json(account(connection, subject))


def test_parts_of_an_account_are_the_pages_parts(browser, connection):
    for subject in [NASTY, *list(rows_of(connection))[:5]]:
        told = asked(browser, f"/{subject}/timeline?limit=500")
        assert told == as_json(timeline(connection, subject, kind=None, limit=500))
        shown = asked(browser, f"/{subject}/objects?limit=500")
        assert shown == as_json(objects_page(connection, subject, kinds=(), limit=500))
        next_ = asked(browser, f"/{subject}/coming?limit=500")
        assert next_ == as_json(coming(connection, subject, limit=500))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/main/-/live/cus_nobody", 404),
        ("/main/-/live/cus_nobody/timeline", 404),
        ("/main/-/live/cus_nobody/objects", 404),
        ("/main/-/live/cus_nobody/why", 404),
        ("/main/-/live/cus_nobody/past?at=1", 404),
        ("/main/-/live/cus_nasty/objects/in_nobody", 404),
        ("/main/-/live/cus_nasty/past", 422),
        ("/main/-/live/cus_nasty/past?at=-1", 422),
        ("/main/-/live/cus_nasty/why/stage", 503),
        ("/main/-/live/cus_nasty/timeline?kind=weather", 422),
        ("?cursor=nonsense", 422),
        ("?renews=sometimes", 422),
        ("?limit=0", 422),
    ],
)
def test_what_cannot_be_answered_is_said(browser, path, status):
    assert asked(browser, path, status)["detail"]


def test_why_this_mrr_is_what_the_command_says_of_the_row(tmp_path, connection):
    rows = rows_of(connection)
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(row.model_dump_json().encode() for row in rows.values()))

    done = CliRunner().invoke(app, ["mrr", str(file), "--json"])

    answers = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(rows) > 100
    for (subject, row), answer in zip(rows.items(), answers, strict=True):
        said = why_mrr(row, settings_of(connection, row.settings_version))
        assert answer["id"] == subject.rpartition("/")[2]
        assert list(said.steps) == answer["why"]
        assert said.as_of == answer["at"]
        assert bool(said.missing) == bool(answer["unknown"])
        for name, other in answer["others"].items():
            amounts = {each: it["amount_minor"] for each, it in other["mrr"].items()}
            assert said.presets[name] == (None if other["unknown"] else amounts)


def test_what_explains_the_mrr_comes_to_the_mrr_of_the_row(connection):
    for subject, row in rows_of(connection).items():
        said = why_mrr(row, settings_of(connection, row.settings_version))
        assert {it.subscription for it in said.missing} == {it.subscription for it in row.pending}
        for sub in row.subscriptions:
            if sub.mrr and not row.pending:
                assert any(step.startswith(f"{sub.id} (") for step in said.steps), subject


def test_the_timeline_has_every_event_and_update_once_the_newest_first(connection):
    for subject in rows_of(connection):
        whole = timeline(connection, subject, kind=None, limit=10_000)
        own = connection.execute(select(updates.c.id).where(updates.c.subject == subject)).scalars()
        told = [each.id for each in whole.entries if each.kind != "event"]
        seen = [each.sequence for each in whole.entries if each.kind == "event"]
        assert sorted(told) == sorted(own)
        assert len(seen) == len(set(seen))
        assert whole.total == len(whole.entries)
        times = [each.at for each in whole.entries]
        assert times == sorted(times, reverse=True)
        by_kind = [
            timeline(connection, subject, kind=kind, limit=10_000)
            for kind in ("event", *UPDATE_TYPES)
        ]
        assert sum(each.total for each in by_kind) == whole.total
        assert {it.id for each in by_kind for it in each.entries} == {it.id for it in whole.entries}


def test_pages_of_the_timeline_are_the_whole(connection):
    subject = max(
        rows_of(connection), key=lambda each: timeline(connection, each, kind=None, limit=1).total
    )
    whole = timeline(connection, subject, kind=None, limit=10_000)

    parts = [
        timeline(connection, subject, kind=None, limit=7, offset=offset).entries
        for offset in range(0, whole.total, 7)
    ]

    assert tuple(each for part in parts for each in part) == whole.entries


def test_causes_stand_in_the_timeline(connection):
    for subject in list(rows_of(connection))[:40]:
        whole = timeline(connection, subject, kind=None, limit=10_000).entries
        seen = {each.id for each in whole if each.kind == "event"}
        for each in whole:
            if each.cause and each.body["cause"]["kind"] not in {"tick", "settings"}:
                assert each.cause in seen


def test_all_objects_that_name_a_customer_or_are_joined_to_one_are_its_own(connection):
    """By plain Python over the bodies, step by step until nothing is added."""
    stored = connection.execute(select(objects).where(objects.c.livemode.is_(True))).all()
    for subject in list(rows_of(connection)):
        if "/live/" not in subject:
            continue
        customer = subject.rpartition("/")[2]
        mine = {it.id for it in stored if customer in {it.customer, it.id}}
        while more := {
            it.id
            for it in stored
            if it.customer is None
            and it.id not in mine
            and {it.charge, it.payment_intent, it.invoice} & mine
        }:
            mine |= more
        found = objects_page(connection, subject, kinds=(), limit=10_000)
        assert {it.id for it in found.objects} == mine
        assert found.total == len(mine) == sum(kinds_of(connection, subject).values())
