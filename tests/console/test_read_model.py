from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, create_engine, func, select

from console.read_model import tables
from console.read_model.log_tables import events, newest_events, settings_records
from console.read_model.records import Record
from console.read_model.tables import (
    account_mrr,
    account_rows,
    accounts,
    dead_letters,
    source_states,
    subscriptions,
)
from console.read_model.update_tables import mrr_movements, stage_changes, updates
from filled import NASTY, NASTY_WORDS, SIMULATED, TRIAL_RUN, fill
from read_model_judge import content
from streams.log.topics import CUSTOMERS, TEST


def test_every_simulated_customer_has_an_account(filled: Engine):
    with filled.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(accounts))

    assert found == SIMULATED + 2


def test_an_account_has_the_columns_by_which_pages_look_for_it(filled: Engine):
    with filled.connect() as connection:
        account = connection.execute(select(accounts).where(accounts.c.subject == NASTY)).one()
        plan = connection.execute(
            select(subscriptions).where(subscriptions.c.subject == NASTY)
        ).one()
        mode = connection.scalar(select(accounts.c.livemode).where(accounts.c.subject == TRIAL_RUN))

    assert (account.name, account.stage, account.status) == (NASTY_WORDS, "Customer", "active")
    assert (account.mrr_currency, account.mrr_minor, account.pending) == ("usd", 4_900, 0)
    assert account.sort_name == NASTY_WORDS.lower()
    assert NASTY_WORDS.lower() in account.search
    assert (account.subscriptions_live, account.is_past_due, account.deleted_at) == (1, False, None)
    assert account.renews_at == plan.renews_at
    assert (plan.plan, plan.mrr_minor, plan.mrr_exact) == (NASTY_WORDS, 4_900, "4900")
    assert mode is False


def test_the_row_is_kept_as_it_came(filled: Engine, year: list[Record]):
    latest = {each.key: each.value for each in year if each.topic in {CUSTOMERS, TEST + CUSTOMERS}}

    with filled.connect() as connection:
        kept = dict(connection.execute(select(account_rows.c.subject, account_rows.c.row)).all())

    assert {key: row.encode() for key, row in kept.items()} == {
        (key or b"").decode(): value for key, value in latest.items()
    }


def test_movements_add_up_to_the_mrr_of_each_account_that_is_known(filled: Engine):
    # While the MRR of a subscription is pending, what was told before stands.
    known = select(accounts.c.subject).where(accounts.c.pending == 0)
    totals: dict[tuple[str, str], Fraction] = {}
    with filled.connect() as connection:
        for each in connection.execute(
            select(mrr_movements).where(mrr_movements.c.subject.in_(known))
        ):
            key = each.subject, each.currency
            totals[key] = totals.get(key, Fraction()) + Fraction(each.delta_exact)
        now = {
            (each.subject, each.currency): Fraction(each.mrr_exact)
            for each in connection.execute(
                select(account_mrr).where(account_mrr.c.subject.in_(known))
            )
        }

    assert totals
    assert {key: total for key, total in totals.items() if total} == {
        key: amount for key, amount in now.items() if amount
    }


def test_the_last_change_of_stage_is_the_stage_of_the_account(filled: Engine):
    ordered = (stage_changes.c.effective_at, stage_changes.c.sequence, stage_changes.c.index)
    with filled.connect() as connection:
        changes = connection.execute(select(stage_changes).order_by(*ordered)).all()
        stages = dict(connection.execute(select(accounts.c.subject, accounts.c.stage)).all())

    last = {each.subject: each.stage for each in changes}
    assert last
    assert last == {subject: stages[subject] for subject in last}


def test_letters_are_closed_by_what_was_done_about_them(filled: Engine):
    with filled.connect() as connection:
        found = connection.execute(select(dead_letters).order_by(dead_letters.c.offset)).all()

    assert [each.state for each in found] == ["open", "redriven", "discarded"]
    assert [each.closed_at is None for each in found] == [True, False, False]
    assert found[1].by == "ana@example.com"
    assert found[0].reason == "bad_object"


def test_settings_and_states_are_kept(filled: Engine):
    with filled.connect() as connection:
        versions = connection.execute(select(settings_records)).all()
        states = connection.execute(select(source_states)).all()

    assert [(each.version, each.applied_by) for each in versions] == [
        (1, "ana@example.com"),
        (2, "ana@example.com"),
    ]
    assert orjson.loads(versions[1].content)["stages"]["precedence"][0] == "Trial"
    assert [each.key for each in states] == ["main/-/live/backfill"]


def test_records_that_are_read_again_change_nothing(filled: Engine, year: list[Record]):
    with filled.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(updates))

    again = [each for each in year if each.key == NASTY.encode()]
    expected = content(filled)
    with filled.begin() as connection:
        connection.execute(tables.about.delete())
    fill(filled, again)

    assert before
    assert content(filled) == expected


@pytest.mark.parametrize("batch", [1, 7])
def test_batches_of_any_size_give_the_same_tables(
    batch: int, year: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    few = [each for each in year if each.key in {NASTY.encode(), TRIAL_RUN.encode()}]
    one, other = (create_engine(f"sqlite:///{tmp_path / name}") for name in ("one", "other"))
    fill(one, few)
    monkeypatch.setattr("filled.BATCH", batch)

    fill(other, few)

    assert content(other) == content(one)


def test_the_newest_event_of_each_mode_is_the_newest_of_all_that_came(filled):
    with filled.connect() as connection:
        newest = {row.livemode: row for row in connection.execute(select(newest_events))}
        for mode, livemode in (("live", True), ("test", False)):
            came = connection.execute(
                select(events)
                .where(events.c.subject.contains(f"/{mode}/"), events.c.kind == "webhook")
                .order_by(
                    *(events.c[name].desc() for name in ("recorded_at", "partition", "offset"))
                )
            ).first()
            assert newest[livemode].source == "main"
            for name in ("partition", "offset", "event_type", "api_version", "created"):
                assert getattr(newest[livemode], name) == getattr(came, name)
