from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from cli.demo.judge import Said, accounts, differences, said_by_fold
from cli.demo.postings import scripted_postings, simulated_postings
from cli.demo.report import customers_table, year_table
from fetched import fetched

ROW = {"subject": "main/-/live/cus_1", "stage": None, "mrr": {}}
SAID = Said(rows={"main/-/live/cus_1": ROW}, updates=Counter({"u1": 1}), outcomes={"folded": 3})


def test_what_is_equal_has_no_differences():
    assert differences(SAID, SAID) == []


def test_a_row_that_differs_is_named_with_its_fields():
    other = replace(SAID, rows={ROW["subject"]: ROW | {"stage": {"name": "Trial"}}})

    assert differences(SAID, other) == ["main/-/live/cus_1: the rows differ in stage"]


def test_a_missing_row_is_named():
    assert differences(replace(SAID, rows={}), SAID) == [
        "main/-/live/cus_1: a row only in the fold"
    ]


def test_an_update_that_is_there_twice_is_a_difference():
    twice = replace(SAID, updates=Counter({"u1": 2}))

    assert differences(twice, SAID) == ["update u1: 2 times in the topics, 1 times by the fold"]


def test_outcomes_must_add_up_to_what_was_posted():
    assert accounts(3, 0, 0, SAID) == []
    assert accounts(1, 0, 2, SAID) == []
    assert accounts(4, 0, 0, SAID) == ["4 webhooks were posted, 3 have an outcome"]


def test_a_webhook_posted_again_may_be_stored_twice():
    assert accounts(2, 1, 0, SAID) == []


def test_markers_that_count_otherwise_are_a_difference():
    assert differences(replace(SAID, outcomes={"folded": 2}), SAID) == [
        "folded: 2 by the markers, 3 by the fold"
    ]


def test_the_demos_events_have_every_outcome_and_every_customer_its_line():
    log = [
        fetched(posting.body, offset, key=posting.subject.encode())
        for offset, posting in enumerate(scripted_postings())
    ]
    said = said_by_fold(log)

    assert all(said.outcomes[each] for each in ("folded", "ignored", "duplicate", "dead_lettered"))
    assert customers_table(said.rows.values()).row_count == len(said.rows)


def test_a_simulated_year_is_told_in_sums_whatever_its_size():
    rows = [
        {
            "stage": {"name": "Customer"},
            "mrr": {"usd": {"amount_minor": 1000}},
            "pending": [],
        },
        {
            "stage": {"name": "Customer"},
            "mrr": {"usd": {"amount_minor": 250}, "jpy": {"amount_minor": 900}},
            "pending": [{"subscription": "sub_1", "reason": "tiers"}],
        },
        {"stage": None, "mrr": {}, "pending": []},
    ]
    moved = [SimpleNamespace(value=b'{"movement": "new"}')] * 2
    table = year_table(rows, moved)
    told = list(zip(*(column.cells for column in table.columns), strict=True))

    assert told == [
        ("stage", "2", "Customer"),
        ("stage", "1", "none yet"),
        ("MRR", "12.50 USD", ""),
        ("MRR", "900 JPY", ""),
        ("MRR not known", "1", "subscriptions: tiers"),
        ("movement of MRR", "2", "new"),
    ]


def test_the_demo_posts_the_same_simulated_year_at_every_run():
    end = 1_790_000_000

    assert simulated_postings(ends_at=end) == simulated_postings(ends_at=end)
