from __future__ import annotations

from functools import partial

import orjson
import pytest

from build import START, SUBJECT, customer, event, subscription, updated
from fetched import Fetched, ListRows, fetched, settings_record
from schemas.codec import NewerRowError, decode_row
from schemas.errors import DeadLetterReason
from schemas.records import Kind
from schemas.settings import BusinessSettings, Conditions, SettingsInForce, StageRule, Stages
from streams import pipeline
from streams.log.records import log_headers
from streams.worker import batch
from streams.worker.batch import Folded, fold_batch, split
from streams.worker.marker import Fate

KEY = SUBJECT.encode()
DEFAULT = SettingsInForce()


def fold(*records, rows=None, settings=DEFAULT) -> Folded:
    return fold_batch(records, rows or ListRows(), settings)


def written(folded: Folded, topic: str) -> list:
    return [output for output in folded.outputs if output.topic == topic]


def renamed(stage: str) -> BusinessSettings:
    rule = StageRule(name=stage, when=Conditions(status=("active",)))
    return BusinessSettings(stages=Stages(precedence=(stage,), rules=(rule,)))


def test_one_row_is_written_for_all_records_of_a_customer():
    folded = fold(fetched(updated(customer())), fetched(updated(subscription()), 1))

    assert list(folded.stored) == [KEY]
    assert decode_row(folded.stored[KEY]) == folded.rows[KEY]
    assert len(written(folded, "billing.customers.v1")) == 1
    assert folded.fates == {Fate.FOLDED: 2}
    assert folded.next_offset == 2


def test_an_update_goes_to_the_topic_of_its_type_under_the_customers_subject():
    folded = fold(fetched(updated(subscription())))

    (update,) = written(folded, "billing.stages.v1")
    assert update.key == KEY
    assert dict(update.headers)["ce_type"] == b"customer.stage_changed"
    assert orjson.loads(update.value)["sequence"] == "000003:0000000000000000"
    assert folded.updates["customer.stage_changed"] == 1


def test_what_is_made_of_test_data_never_goes_to_a_live_topic():
    record = fetched(updated(subscription(), livemode=False), key=b"main/-/test/cus_ana")
    folded = fold(record)

    assert folded.outputs
    assert all(output.topic.startswith("test.") for output in folded.outputs)


def test_a_row_that_did_not_change_is_not_written_again():
    rows, record = ListRows(), fetched(updated(customer()))
    rows.commit(fold(record, rows=rows))
    again = fold(record, rows=rows)

    assert (again.stored, again.outputs) == ({}, [])
    assert again.fates == {Fate.DUPLICATE: 1}


def test_where_a_batch_ends_does_not_show_in_rows_and_updates():
    records = [
        settings_record(1, renamed("Paying")),
        fetched(updated(subscription(status="trialing")), 1),
        fetched(updated(subscription(), at=START + 9), 2),
        settings_record(2, renamed("Member"), 3),
    ]
    together, rows, settings = ListRows(), ListRows(), DEFAULT
    whole = fold(*records, rows=together)
    together.commit(whole)
    outputs = []
    for record in records:
        one = fold(record, rows=rows, settings=settings)
        rows.commit(one)
        outputs += one.outputs
        settings = one.settings

    assert rows.bytes_ == together.bytes_
    assert [each for each in outputs if "customers" not in each.topic] == [
        each for each in whole.outputs if "customers" not in each.topic
    ]
    assert [each for each in outputs if "customers" in each.topic][-1] in whole.outputs


def test_settings_hold_for_the_records_after_them_and_count_apart():
    folded = fold(settings_record(1, renamed("Paying")), fetched(updated(subscription()), 1))

    (update,) = written(folded, "billing.stages.v1")
    assert orjson.loads(update.value)["stage"] == "Paying"
    assert (folded.settings.version, folded.settings.content) == (1, renamed("Paying"))
    assert folded.fates == {Fate.SETTINGS: 1, Fate.FOLDED: 1}


def test_older_settings_do_not_replace_newer_ones():
    newer = SettingsInForce(version=2, content=renamed("Paying"))
    folded = fold(settings_record(1, renamed("Member")), settings=newer)

    assert folded.settings is newer


def test_settings_that_cannot_be_read_are_dead_lettered():
    record = settings_record(1, BusinessSettings())
    folded = fold(fetched(b'{"version": 1}', key=record.key, headers=record.headers))

    (letter,) = folded.dead_letters
    assert letter.reason is DeadLetterReason.BAD_SETTINGS
    assert folded.settings is DEFAULT


@pytest.mark.parametrize(
    "record",
    [
        fetched(b"{}", headers=()),
        fetched(b"{}", headers=(("kind", None),)),
        fetched(b"{}", headers=(("kind", b"\xff"),)),
        fetched(b"{}", key=b"\xff"),
        fetched(None, key=None, headers=()),
        fetched(b"{}", key=b"!marker"),
        fetched(None),
    ],
)
def test_whatever_stands_in_the_log_is_dead_lettered_whole_and_the_rest_goes_on(record):
    folded = fold(record, fetched(updated(customer()), 1))

    (letter,) = written(folded, "stripe.events.v1.dlq")
    assert (letter.key, letter.value) == (record.key, record.value)
    assert tuple(letter.headers)[: len(record.headers)] == record.headers
    assert folded.fates == {Fate.DEAD_LETTERED: 1, Fate.FOLDED: 1}


def test_a_bug_costs_one_record_and_its_words_are_not_told(monkeypatch):
    def step(row, record, settings, clocks, *, real=batch.step):
        if record.offset == 1:
            raise RuntimeError("ana@example.com")
        return real(row, record, settings)

    monkeypatch.setattr(batch, "step", step)
    folded = fold(*(fetched(updated(customer(name=f"Ana {n}"), at=START + n), n) for n in range(3)))

    (letter,) = folded.dead_letters
    assert (letter.reason, letter.offset) == (DeadLetterReason.BUG, 1)
    assert b"ana@example.com" not in b"".join(word or b"" for _, word in letter.headers)
    assert folded.rows[KEY].facts.profile.name == "Ana 2"
    assert folded.fates == {Fate.FOLDED: 2, Fate.DEAD_LETTERED: 1}


def test_a_bug_in_making_bytes_costs_one_record_too(monkeypatch):
    def encode_row(row, *, real=pipeline.encode_row):
        if row.facts.profile.name == "Bad":
            raise RuntimeError
        return real(row)

    monkeypatch.setattr(pipeline, "encode_row", encode_row)
    names = ["Ana", "Bad"]
    folded = fold(
        *(fetched(updated(customer(name=n), at=START + i), i) for i, n in enumerate(names))
    )

    assert folded.rows[KEY].facts.profile.name == "Ana"
    assert folded.fates == {Fate.FOLDED: 1, Fate.DEAD_LETTERED: 1}


def test_a_record_that_makes_its_row_too_large_is_dead_lettered_and_leaves_the_row(monkeypatch):
    monkeypatch.setattr(pipeline, "KNOWN_BYTES_MAX", 4_000)
    large = customer(metadata={"note": "x" * 4_000})
    records = [updated(customer()), updated(large, at=START + 1), updated(subscription())]
    folded = fold(*(fetched(body, offset) for offset, body in enumerate(records)))

    (letter,) = folded.dead_letters
    assert (letter.reason, letter.offset) == (DeadLetterReason.ROW_TOO_LARGE, 1)
    assert folded.rows[KEY].facts.profile.metadata == {"account_id": "acme-42"}
    assert folded.fates == {Fate.FOLDED: 2, Fate.DEAD_LETTERED: 1}


def test_a_row_of_a_newer_release_is_no_fault_of_the_record():
    class NewerRows(ListRows):
        def row(self, key):
            raise NewerRowError("start the newer release")

    with pytest.raises(NewerRowError):
        fold(fetched(updated(customer())), rows=NewerRows())


def test_a_fetch_is_cut_by_the_number_of_records(monkeypatch):
    monkeypatch.setattr(batch, "RECORDS_MAX", 2)

    parts = list(split([fetched(b"", n) for n in range(5)], ListRows()))

    assert [[record.offset for record in part] for part in parts] == [[0, 1], [2, 3], [4]]


def test_a_fetch_is_cut_by_the_bytes_of_bodies_and_of_the_rows_they_touch(monkeypatch):
    monkeypatch.setattr(batch, "BYTES_MAX", 100)
    rows = ListRows(bytes_={b"a": b"x" * 60, b"b": b"x" * 60})
    record = partial(fetched, b"x" * 20)

    parts = list(split([record(0, key=b"a"), record(1, key=b"a"), record(2, key=b"b")], rows))

    assert [[each.offset for each in part] for part in parts] == [[0, 1], [2]]


def test_a_record_above_the_bound_has_a_transaction_of_its_own(monkeypatch):
    monkeypatch.setattr(batch, "BYTES_MAX", 10)

    parts = list(split([fetched(b"x" * 20, n) for n in range(2)], ListRows()))

    assert [len(part) for part in parts] == [1, 1]


def test_a_status_that_stripe_did_not_have_is_counted_once_for_each_customer_it_is_new_to():
    strange = subscription(status="dormant")
    bodies = [updated(strange, at=START), updated(strange, at=START + 1), updated(customer())]
    folded = fold(*(fetched(body, offset) for offset, body in enumerate(bodies)))

    assert folded.unknown_statuses == {"dormant": 1}


def clock_record(partition: int, offset: int = 0, *, key: str = "main/-/test/-/clock_1") -> Fetched:
    clock = {"object": "test_helpers.test_clock", "id": "clock_1", "frozen_time": START}
    body = event("test_helpers.test_clock.ready", clock, id="evt_1")
    words = log_headers(
        kind=Kind.BROADCAST,
        source="main",
        event_id="evt_1",
        event_type=body["type"],
        api_version="",
        received_at_ms=0,
    )
    return fetched(body, offset, partition=partition, key=key.encode(), headers=tuple(words))


def test_a_test_clock_is_heard_in_each_partition_and_counts_in_one():
    first, other = fold(clock_record(0)), fold(clock_record(1))

    assert first.clocks == other.clocks
    assert first.clocks.get("main/-/test/-/clock_1").frozen_time == START
    assert first.fates == other.fates == {Fate.BROADCAST: 1}
    assert (first.counted, other.counted) == ({Fate.BROADCAST: 1}, {})


def test_a_test_clock_that_comes_again_is_a_duplicate_and_one_of_live_data_is_none():
    live = clock_record(0, 2, key="main/-/live/-/clock_1")
    folded = fold(clock_record(0), clock_record(0, 1), live)

    assert folded.fates == {Fate.BROADCAST: 1, Fate.DUPLICATE: 1, Fate.IGNORED: 1}
    assert list(folded.clocks.states) == ["main/-/test/-/clock_1"]
