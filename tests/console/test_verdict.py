"""Given what was found: whether the data can be trusted, and never yes for the unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.queries.verdict import Answer, Evidence, verdict
from streams.source.status import SourceStatus

MAIN = SourceStatus(
    account="main/-/live",
    backfill_percent=100,
    caught_up_until="2026-11-20T10:00:00Z",
    caught_up_events=3,
    gaps=1,
    is_gap_open=False,
    failing_since=None,
    failure=None,
    last_full_check_at="2026-11-20T03:00:00Z",
    oldest_unverified_age_s=7 * 3600,
    drift_open=0,
    drift_found_24h=2,
    is_last_check_broken=False,
)
FINE = Evidence(
    worker_lag_s=0,
    console_lag_s=2,
    open_letters=0,
    mismatches=(),
    faults=(),
    kafka_fault=None,
    unreadable=0,
    sources=(MAIN,),
)


def test_when_all_was_looked_at_and_is_right_it_says_yes():
    found = verdict(FINE)

    assert found.answer is Answer.YES
    assert found.sentence.startswith("Yes: ")
    assert {each.answer for each in found.reasons} == {Answer.YES}


@pytest.mark.parametrize(
    ("change", "answer", "words"),
    [
        ({"worker_lag_s": 61}, Answer.NOT_FULLY, "the workers are 1 minute behind the log"),
        ({"console_lag_s": 7200}, Answer.NOT_FULLY, "these pages are 2 hours behind the topics"),
        ({"open_letters": 1}, Answer.NOT_FULLY, "1 dead letter could not be taken in and waits"),
        (
            {"open_letters": 1200},
            Answer.NOT_FULLY,
            "1,200 dead letters could not be taken in and wait ",
        ),
        ({"mismatches": ("a", "b", "c")}, Answer.NOT_FULLY, "a and 2 more"),
        ({"faults": ("topic x is missing",)}, Answer.NOT_FULLY, "topic x is missing"),
        ({"unreadable": 3}, Answer.NOT_FULLY, "3 records could not be shown"),
        ({"worker_lag_s": None}, Answer.UNKNOWN, "how far the workers are behind"),
        ({"console_lag_s": None}, Answer.UNKNOWN, "how far these pages are behind"),
        ({"mismatches": None}, Answer.UNKNOWN, "was not checked yet"),
        ({"faults": None}, Answer.UNKNOWN, "the topics are as they must be was not checked"),
        ({"kafka_fault": "Kafka is away."}, Answer.UNKNOWN, "could not be asked (Kafka is away)"),
        ({"sources": ()}, Answer.UNKNOWN, "no account was back-filled or compared"),
    ],
)
def test_each_thing_that_is_wrong_or_not_known_is_the_answer(change, answer, words):
    found = verdict(replace(FINE, **change))

    assert found.answer is answer
    assert words in found.sentence


@pytest.mark.parametrize(
    ("change", "answer", "words"),
    [
        ({"backfill_percent": None}, Answer.NOT_FULLY, "was never back-filled"),
        ({"backfill_percent": 40}, Answer.NOT_FULLY, "is at 40 %"),
        ({"is_gap_open": True}, Answer.NOT_FULLY, "has a gap that"),
        (
            {"failing_since": "2026-11-20T10:00:00Z", "failure": "the key is wrong"},
            Answer.NOT_FULLY,
            "since 20 Nov 2026, 10:00 UTC: the key is wrong",
        ),
        (
            {"drift_open": 1},
            Answer.NOT_FULLY,
            "1 customer of main · live mode differed from Stripe",
        ),
        ({"caught_up_until": None}, Answer.UNKNOWN, "never caught up"),
        ({"is_last_check_broken": True}, Answer.UNKNOWN, "broke off"),
        ({"oldest_unverified_age_s": None}, Answer.UNKNOWN, "never compared with Stripe"),
        (
            {"oldest_unverified_age_s": 3 * 86_400},
            Answer.UNKNOWN,
            "compared with Stripe 3 days ago",
        ),
    ],
)
def test_each_account_that_is_incomplete_or_unproved_is_the_answer(change, answer, words):
    other = replace(MAIN, account="eu/-/live")
    found = verdict(replace(FINE, sources=(replace(MAIN, **change), other)))

    assert found.answer is answer
    assert words in found.sentence
    assert "eu" not in found.sentence


def test_what_is_wrong_comes_before_what_is_not_known():
    found = verdict(replace(FINE, open_letters=1, mismatches=None))

    assert found.answer is Answer.NOT_FULLY
    assert "was not checked" not in found.sentence
    assert [each.answer for each in found.reasons].count(Answer.UNKNOWN) == 1


@pytest.mark.parametrize(
    ("change", "page", "command"),
    [
        ({"backfill_percent": 40}, "/connect#source-main", "subfold backfill --source main"),
        ({"is_gap_open": True}, "/connect#source-main", "subfold backfill --source main"),
        ({"caught_up_until": None}, None, "subfold catch-up --source main --follow"),
        ({"drift_open": 1}, None, "subfold reconcile --source main"),
        ({"oldest_unverified_age_s": None}, None, "subfold reconcile --source main"),
    ],
)
def test_what_can_be_done_about_an_account_stands_beside_the_reason(change, page, command):
    found = verdict(replace(FINE, sources=(replace(MAIN, **change),)))

    (reason,) = (each for each in found.reasons if each.answer is not Answer.YES)
    assert (reason.page, reason.command) == (page, command)


def test_dead_letters_are_dealt_with_on_the_page_and_topics_in_a_terminal():
    found = verdict(replace(FINE, open_letters=1, faults=("topic x is missing",)))

    wrong = [each for each in found.reasons if each.answer is not Answer.YES]
    assert [each.page for each in wrong] == ["/health#letters", None]
    assert [each.command for each in wrong] == [None, "subfold doctor"]
    assert not any(each.page or each.command for each in verdict(FINE).reasons)
