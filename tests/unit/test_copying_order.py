"""Records of several partitions in one order: settings and test clocks are barriers."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetched import Fetched, headers
from schemas.errors import BrokerError
from schemas.records import Kind
from streams.copying.merge import Merge, identity_of
from streams.copying.target import Begun
from streams.log.records import COPIED_FROM, LOGGED_AT, read_log_record


def event(name: str, partition: int, offset: int) -> Fetched:
    return Fetched(
        key=name.encode(), value=name.encode(), partition=partition, offset=offset,
        headers=headers(event_id=name),
    )  # fmt: skip


def settings(name: str, partition: int, offset: int) -> Fetched:
    return Fetched(
        key=b"-/-/-/settings", value=name.encode(), partition=partition, offset=offset,
        headers=headers(Kind.SETTINGS, name),
    )  # fmt: skip


def partition(number: int, words: str) -> list[Fetched]:
    """A partition's records: a capital letter stands in every one."""
    return [
        (settings if word.isupper() else event)(word, number, offset)
        for offset, word in enumerate(words)
    ]


def merged(*partitions: str, done: Iterable[str] = (), ended: bool = True) -> str:
    known = [identity_of(settings(name, 0, 0)) for name in done]
    merge = Merge(range(len(partitions)), [each for each in known if each])
    for number, words in enumerate(partitions):
        merge.offer(number, partition(number, words))
    everywhere = frozenset(range(len(partitions))) if ended else frozenset()
    return "".join(each.record.value.decode() for each in merge.take(everywhere))


@pytest.mark.parametrize(
    ("partitions", "order"),
    [
        #  one partition after the other, and each barrier once
        (("ab", "cd"), "abcd"),
        (("aXb", "cXd"), "acXbd"),
        (("aXbYc", "XdY"), "aXbdYc"),
        #  a repetition is left out, one that is missing somewhere comes when all else has come
        (("aXXb", "cXdX"), "acXbd"),
        (("aXb", "cd"), "acdXb"),
        #  in another order in another partition: the first one's order counts
        (("aXbYc", "dYeXf"), "adXbYcef"),
    ],
)
def test_what_stands_everywhere_comes_once_after_all_before_it(partitions, order):
    assert merged(*partitions) == order


def test_a_barrier_waits_for_the_partitions_that_may_still_have_it():
    assert merged("aXb", "c", ended=False) == "ac"


def test_what_a_former_run_has_brought_everywhere_is_no_barrier():
    assert merged("aXb", "cXd", done="X", ended=False) == "abcd"


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=3, max_size=3),
    st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=3, max_size=3),
    st.integers(1, 4),
)
def test_however_it_is_read_each_record_stays_on_its_side(before, after, size):
    merge, left = Merge(range(3)), {}
    for number, (first, then) in enumerate(zip(before, after, strict=True)):
        left[number] = partition(number, "".join([*first, "X", *then]))
    found: list[Fetched] = []
    while any(left.values()) or merge.waiting:
        for number in merge.wanting():
            merge.offer(number, left[number][:size])
            left[number] = left[number][size:]
        found += [each.record for each in merge.take({each for each in left if not left[each]})]
    at = next(index for index, each in enumerate(found) if each.value == b"X")

    for number in range(3):
        places = [each.offset for each in found if each.partition == number and each.value != b"X"]
        side = [each.offset for each in found[:at] if each.partition == number]
        assert places == sorted(places)
        assert len(side) == len(before[number])


def test_a_copy_has_the_time_of_the_first_log():
    copied = event("a", 0, 7)
    record = read_log_record(
        key=copied.key,
        value=copied.value,
        headers=[*copied.headers, (COPIED_FROM, b"3:9"), (LOGGED_AT, b"1234")],
        partition=0,
        offset=7,
        timestamp_ms=99_999,
    )

    assert (record.timestamp_ms, record.sequence) == (1234, "000000:0000000000000007")


def test_a_target_that_was_begun_from_another_log_is_noticed():
    begun = Begun()
    copied = event("a", 5, 0)
    begun.take(Fetched(**vars(copied) | {"headers": ((COPIED_FROM, b"1:4"),)}))

    assert begun.has(5, event("b", 1, 3))
    assert not begun.has(5, event("b", 1, 5))
    assert not begun.has(4, event("b", 1, 3))
    with pytest.raises(BrokerError, match="begun from another one"):
        begun.has(5, event("b", 1, 4))
