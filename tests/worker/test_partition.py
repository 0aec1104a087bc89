from __future__ import annotations

import pytest

from build import START, SUBJECT, customer, item, subscription, updated
from fetched import ListRows, fetched
from schemas.codec import NewerRowError
from schemas.settings import SettingsInForce
from streams.clocks import NO_CLOCKS, ClockSeen
from streams.worker import partition as module
from streams.worker.batch import fold_batch
from streams.worker.marker import (
    CLOCKS_KEY,
    MARKER_KEY,
    SETTINGS_KEY,
    Fate,
    Marker,
    decode_marker,
    decode_settings,
    encode_clocks,
    encode_marker,
    encode_settings,
)
from streams.worker.partition import Held, Partition
from streams.worker.timers import Due

KEY = SUBJECT.encode()

DUE = Due(None, 0)


def partition(table=None, number=0) -> Partition:
    return Partition(number=number, table={} if table is None else table, producer=None)


def committed(into: Partition, *keys: bytes) -> None:
    folded = fold_batch([fetched(updated(customer()))], ListRows(), SettingsInForce())
    into.committed(
        rows=dict.fromkeys(keys, folded.rows[KEY]),
        stored=dict.fromkeys(keys, folded.stored[KEY]),
        marker=Marker(next_offset=1),
        settings=SettingsInForce(),
        clocks=NO_CLOCKS,
    )


def test_a_marker_comes_back_as_it_was_written():
    marker = Marker(next_offset=7, settings_version=2, counts={"accepted": 1, "folded": 1})

    assert decode_marker(encode_marker(marker)) == marker


def test_a_marker_counts_on_and_what_was_accepted_is_the_sum_of_what_became_of_it():
    first = Marker().after(next_offset=3, settings_version=0, fates={Fate.FOLDED: 2})
    second = first.after(
        next_offset=6, settings_version=1, fates={Fate.SETTINGS: 1, Fate.FOLDED: 1, Fate.IGNORED: 1}
    )

    assert second == Marker(
        next_offset=6,
        settings_version=1,
        counts={"accepted": 5, "folded": 3, "settings": 1, "ignored": 1},
    )


def test_settings_come_back_as_they_were_written():
    settings = SettingsInForce(version=3)

    assert decode_settings(encode_settings(settings)) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (MARKER_KEY, b'{"marker_version": 99, "marker": {"words": "of later"}}'),
        (MARKER_KEY, b'{"marker_version": 1, "marker": {"words": "of later"}}'),
        (CLOCKS_KEY, b'{"clocks_version": 99, "clocks": "of later"}'),
        (SETTINGS_KEY, b'{"version": 1, "content": {}, "a_word_of_later": 1}'),
    ],
)
def test_what_a_newer_release_wrote_is_not_guessed_at(key, value):
    with pytest.raises(NewerRowError, match="newer release"):
        partition().read(key, value, ())


def test_clocks_come_back_as_they_were_written():
    seen = ClockSeen(key="main/-/test/-/c", event_id="evt_1", at=5, frozen_time=9, is_deleted=True)
    clocks = NO_CLOCKS.joined(seen)
    fresh = partition()
    fresh.read(CLOCKS_KEY, encode_clocks(clocks), ())

    assert fresh.clocks == clocks


def test_rows_marker_and_settings_are_read_from_the_changelog():
    fresh, table = partition(), {}
    committed(partition(table), KEY)
    fresh.read(KEY, table[fresh.place(KEY)], DUE.headers())
    fresh.read(MARKER_KEY, encode_marker(Marker(next_offset=5)), ())
    fresh.read(SETTINGS_KEY, encode_settings(SettingsInForce(version=4)), ())

    assert fresh.row(KEY).subject == SUBJECT
    assert fresh.marker.next_offset == 5
    assert fresh.settings.version == 4
    assert set(fresh.table) == {fresh.place(KEY)}


def test_a_row_that_is_read_anew_is_not_answered_from_memory():
    kept = partition()
    committed(kept, KEY)
    kept.read(KEY, None, ())

    assert kept.row(KEY) is None
    assert kept.stored(KEY) is None


def test_only_so_many_rows_are_kept_as_objects(monkeypatch):
    monkeypatch.setattr(module, "DECODED_ROWS_MAX", 2)
    kept = partition()
    committed(kept, b"a", b"b")
    kept.row(b"a")
    committed(kept, b"c")

    assert list(kept.decoded) == [b"a", b"c"]
    assert kept.row(b"b") is not None


def test_a_key_of_another_partition_is_not_seen():
    table = {}
    committed(partition(table, number=1), KEY)

    assert partition(table, number=2).stored(KEY) is None


def test_a_partition_that_is_forgotten_leaves_no_row_behind():
    held = Held({})
    held.partitions = {number: partition(held.table, number) for number in (0, 1)}
    committed(held.partitions[0], b"a")
    committed(held.partitions[1], b"b")
    dropped = held.forget({0, 7})

    assert [each.number for each in dropped] == [0]
    assert set(held.table) == {held.partitions[1].place(b"b")}
    assert set(held.partitions) == {1}


def test_one_key_in_two_partitions_is_two_rows():
    held = Held({})
    held.partitions = {number: partition(held.table, number) for number in (0, 1)}
    committed(held.partitions[1], KEY)

    assert held.partitions[0].stored(KEY) is None
    committed(held.partitions[0], KEY)
    held.forget({1})
    assert held.partitions[0].stored(KEY) is not None


def test_a_row_that_was_written_without_due_time_is_asked_for_it():
    thing = subscription(items=[item(current_period_end=START + 40 * 86_400)])
    folded = fold_batch([fetched(updated(thing, at=START))], ListRows(), SettingsInForce())
    fresh = partition()
    fresh.read(KEY, folded.stored[KEY], ())

    assert fresh.timers.due == {KEY: folded.rows[KEY].due_at}
