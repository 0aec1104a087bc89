"""Says what went wrong, in Jepsen's words, from what readers of committed records find at the end.

It recomputes every row and every update from the raw log, record by record, with no batches, no
transactions and no memory: see `log_judge`. What it cannot explain has one of these words:

lost           an acknowledged event that the log has not, or a record that the worker has passed
               and whose row, update or dead letter is not there: nobody will ever see it
unseen         the same of a record that the worker has not come to yet
duplicate      an update or dead letter that is there twice
different      one that is there twice, and says two things
stale          a row or an update that is not what the log makes of it at that place
non-monotonic  updates of one customer, or markers of one partition, that go back
aborted        a row or an update that no committed record makes, or that runs ahead of the marker
offsets        counts, marker and the group's offset do not agree with each other and the log

Source of the words: jepsen.tests.kafka.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import orjson

from fetched import Fetched
from log_judge import ROWS, Found, fold_log, shape
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, TEST, UPDATES
from streams.worker.marker import MARKER_KEY, RESERVED, Marker, decode_marker

TOLD = [mode + name for mode in ("", TEST) for name in UPDATES] + [DEAD_LETTERS]
SEEN_BY_READERS = [mode + CUSTOMERS for mode in ("", TEST)]
Partitions = Sequence[Sequence[Fetched]]


class Word(StrEnum):
    LOST = "lost"
    UNSEEN = "unseen"
    DUPLICATE = "duplicate"
    DIFFERENT = "duplicate with different content"
    STALE = "stale"
    NONMONOTONIC = "non-monotonic"
    ABORTED = "aborted read"
    OFFSETS = "inconsistent offsets"


@dataclass(frozen=True)
class Anomaly:
    word: Word
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.word.value}: {self.where}: {self.what}"


@dataclass(kw_only=True)
class Seen:
    """What is found when all is healed and drained.

    `acknowledged` are the bodies that the door has answered 2xx for; `topics` are those of `TOLD`
    and `SEEN_BY_READERS`; `group` are the group's offsets.
    """

    log: Partitions
    topics: Mapping[str, Partitions]
    changelog: Partitions
    group: Mapping[int, int]
    acknowledged: Iterable[bytes] = ()


@dataclass(kw_only=True)
class _Judge:
    seen: Seen
    markers: list[Marker]
    found: list[Anomaly] = field(default_factory=list)

    def add(self, word: Word, where: str, what: object) -> None:
        self.found.append(Anomaly(word, where, str(what)))

    def missing(self, partition: int, offset: int) -> Word:
        return Word.LOST if offset < self.markers[partition].next_offset else Word.UNSEEN


def judge(seen: Seen) -> list[Anomaly]:
    """All that is wrong; nothing when every promise was kept."""
    expected, views, counts = fold_log(seen.log)
    with_markers = _Judge(seen=seen, markers=[_last_marker(part) for part in seen.changelog])
    _judge_acknowledged(with_markers)
    for topic in TOLD:
        for number, part in enumerate(seen.topics[topic]):
            _judge_told(with_markers, f"{topic}/{number}", expected[topic][number], part)
    for number in range(len(seen.log)):
        for topic in SEEN_BY_READERS:
            latest = {each.key: each.value for each in seen.topics[topic][number]}
            _judge_rows(with_markers, f"{topic}/{number}", number, views[topic][number], latest)
        latest = {each.key: each.value for each in seen.changelog[number]}
        latest = {key: row for key, row in latest.items() if row and not _is_reserved(key)}
        _judge_rows(with_markers, f"changelog/{number}", number, views[ROWS][number], latest)
        _judge_markers(with_markers, number, counts[number])
    return with_markers.found


def summary(found: Sequence[Anomaly]) -> str:
    """How many of each word; "nothing" is the best that can be said."""
    counts = Counter(each.word.value for each in found)
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "nothing"


def _judge_acknowledged(judging: _Judge) -> None:
    stored = {record.value for part in judging.seen.log for record in part}
    for body in judging.seen.acknowledged:
        if body not in stored:
            judging.add(Word.LOST, "log", body[:80])


def _judge_told(
    judging: _Judge, where: str, expected: Sequence[Fetched], told: Sequence[Fetched]
) -> None:
    """Each is there once, in its customer's order, and says what the log makes of it."""
    should = {_id(each): shape(each) for each in expected}
    contents: dict[str, set[Found]] = defaultdict(set)
    newest: dict[bytes | None, tuple[str, int]] = {}
    for each in told:
        id_, content = _id(each), shape(each)
        if id_ in contents:
            judging.add(Word.DUPLICATE if content in contents[id_] else Word.DIFFERENT, where, id_)
        elif id_ not in should or _is_ahead(judging, each):
            judging.add(Word.ABORTED, where, id_)
        elif content != should[id_]:
            judging.add(Word.STALE, where, id_)
        elif _place(each) < newest.get(each.key, ("", -1)):
            judging.add(Word.NONMONOTONIC, where, f"{id_} after {newest[each.key]}")
        contents[id_].add(content)
        newest[each.key] = max(_place(each), newest.get(each.key, ("", -1)))
    for each in expected:
        if _id(each) not in contents:
            partition, offset = _position(each)
            judging.add(judging.missing(partition, offset), where, _id(each))


def _judge_rows(
    judging: _Judge,
    where: str,
    number: int,
    expected: Mapping[bytes, bytes],
    rows: Mapping[bytes | None, bytes | None],
) -> None:
    offsets = {record.key: record.offset for record in judging.seen.log[number]}
    for key, row in expected.items():
        if key not in rows:
            judging.add(judging.missing(number, offsets[key]), where, key)
        elif rows[key] != row:
            is_passed = judging.missing(number, offsets[key]) is Word.LOST
            judging.add(Word.STALE if is_passed else Word.UNSEEN, where, key)
    for key in rows.keys() - expected.keys():
        judging.add(Word.ABORTED, where, key)


def _judge_markers(judging: _Judge, number: int, counts: Mapping[str, int]) -> None:
    where, marker = f"changelog/{number}", judging.markers[number]
    places = [each.next_offset for each in _markers(judging.seen.changelog[number])]
    for before, after in pairwise(places):
        if after < before:
            judging.add(Word.NONMONOTONIC, where, f"marker {after} after {before}")
    log = judging.seen.log[number]
    end = log[-1].offset + 1 if log else 0
    if marker.next_offset < end:
        judging.add(Word.UNSEEN, f"log/{number}", f"{marker.next_offset} of {end} are folded")
    elif dict(marker.counts) != (counts if log else {}):
        judging.add(Word.OFFSETS, where, f"{dict(marker.counts)} are counted, {counts} are there")
    if judging.seen.group.get(number, 0) != marker.next_offset:
        group = judging.seen.group.get(number)
        judging.add(Word.OFFSETS, where, f"group {group}, marker {marker.next_offset}")


def _is_ahead(judging: _Judge, told: Fetched) -> bool:
    """Whether what it was made from is not folded yet, by the marker of its own transaction."""
    partition, offset = _position(told)
    return offset >= judging.markers[partition].next_offset


def _id(told: Fetched) -> str:
    """An update's own id; a dead letter's place in the log."""
    words = dict(told.headers)
    if id_ := words.get("ce_id"):
        return id_.decode()
    return "/".join(map(str, _position(told)))


def _place(told: Fetched) -> tuple[str, int]:
    """Where its customer's updates must rise; dead letters have their partition's order alone."""
    if "ce_id" not in dict(told.headers):
        return "", 0
    value = orjson.loads(told.value or b"{}")
    return value["sequence"], value["index"]


def _position(told: Fetched) -> tuple[int, int]:
    """Partition and offset of the record that it was made from."""
    words = dict(told.headers)
    if "ce_id" in words:
        partition, _, offset = orjson.loads(told.value or b"{}")["sequence"].partition(":")
        return int(partition), int(offset)
    if "__connect.errors.offset" in words:
        names = ("partition", "offset")
        partition, offset = (int(words[f"__connect.errors.{name}"] or 0) for name in names)
        return partition, offset
    return told.partition, told.offset


def _is_reserved(key: bytes | None) -> bool:
    return key is None or key.startswith(RESERVED)


def _markers(part: Sequence[Fetched]) -> Iterator[Marker]:
    return (decode_marker(each.value) for each in part if each.key == MARKER_KEY and each.value)


def _last_marker(part: Sequence[Fetched]) -> Marker:
    return [Marker(), *_markers(part)][-1]
