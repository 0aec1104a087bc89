from __future__ import annotations

from cli.source_status import words_of
from streams.source.backfill import BackfillState, Reached
from streams.source.catch_up import CatchUpState, Gap
from streams.source.proved import Found, ReconcileState
from streams.source.status import source_statuses

NOW = 1_790_000_000
DAY_S = 86_400


def kept(**states):
    return {
        f"main/-/live/{task}": state.model_dump_json().encode() for task, state in states.items()
    }


def only(**states):
    [status] = source_statuses(kept(**states), NOW)
    return status


def test_of_an_account_that_nobody_asked_there_is_nothing():
    assert source_statuses({}, NOW) == []


def test_a_backfill_that_broke_off_is_said_to_be_incomplete():
    lists = {"customers": Reached(is_done=True), "subscriptions": Reached(created=50)}
    filling = BackfillState(started_at=100, began_at=0, lists=lists)
    status = only(backfill=filling)

    assert status.backfill_percent == 37  # one of four lists whole, one half
    assert "incomplete, 37 %" in words_of(status)
    assert "never checked" in words_of(status)


def test_what_checks_found_is_counted_for_a_day_and_their_age_is_said():
    found = [Found(at=NOW - 2 * DAY_S, customers=5, repairs=6)]
    found += [Found(at=NOW - 3_600, customers=2, repairs=2)]
    checked = ReconcileState(last_full_check_at=NOW - 3_600, drift_open=2, found=found)
    caught = CatchUpState(complete_until=NOW - 60, gaps=[Gap(begins=1, filled_at=2)])
    status = only(reconcile=checked, catch_up=caught, backfill=BackfillState())

    assert (status.drift_open, status.drift_found_24h) == (2, 2)
    assert (status.oldest_unverified_age_s, status.gaps) == (3_600, 1)
    assert "2 customers differed" in words_of(status)
    assert "caught up until 2026-09-21T14:12:20Z" in words_of(status)


def test_a_check_that_broke_off_never_says_that_all_is_well():
    checked = ReconcileState(last_full_check_at=NOW - DAY_S, failed_at=NOW - 60)
    status = only(reconcile=checked)

    assert status.oldest_unverified_age_s == DAY_S
    assert "THE LAST CHECK BROKE OFF" in words_of(status)


def test_an_account_that_cannot_be_asked_says_since_when_and_why():
    caught = CatchUpState(complete_until=NOW - 60, failed_at=NOW - 30, failure="the key is wrong")

    told = words_of(only(catch_up=caught))

    assert "FAILING since 2026-09-21T14:12:50Z: the key is wrong" in told


def test_a_gap_that_a_backfill_has_healed_is_not_open():
    healed = CatchUpState(complete_until=NOW, gaps=[Gap(begins=1, filled_at=2)])
    open_ = CatchUpState(complete_until=NOW, gap_since=NOW - DAY_S)

    assert not only(catch_up=healed).is_gap_open
    assert only(catch_up=open_).is_gap_open
