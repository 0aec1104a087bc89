from __future__ import annotations

import pytest

from build import ANA, SUBJECT
from fetched import Fetched, fetched, headers
from schemas.errors import BadRecordError, DeadLetterReason, SettingsError
from streams.worker.dead_letters import dead_letter
from streams.worker.letters import (
    FIRST,
    LETTER,
    Action,
    Chosen,
    Deed,
    Letters,
    Place,
    headers_to_redrive,
    original_headers,
)

BAD = BadRecordError(DeadLetterReason.BAD_OBJECT, "items: missing")
MINE = (("x", None), ("reason", b"my own"), *headers())


def buried(record: Fetched, offset: int = 0, *, error: Exception = BAD, at: int = 1000) -> Fetched:
    """A letter as it stands in its topic."""
    letter = dead_letter(record, error)
    return Fetched(
        key=letter.key,
        value=letter.value,
        headers=tuple(letter.headers),
        offset=offset,
        timestamp=at,
    )


def noted(action: Action, letter: Place, offset: int) -> Fetched:
    deed = Deed(action=action, letter=letter, by="ana", why="mended", written=9)
    return Fetched(value=deed.value(), headers=tuple(deed.headers()), offset=offset)


def read(*records: Fetched) -> Letters:
    letters = Letters()
    for record in records:
        letters.take(record)
    return letters


def test_a_letter_is_known_by_the_place_of_its_record_in_the_log():
    letters = read(buried(fetched(b"{", 17), offset=4))

    [letter] = letters.by_place.values()
    assert (str(letter.place), letter.stands_at) == ("3:17", 4)
    assert (letter.reason, letter.key, letter.state) == ("bad_object", SUBJECT, "open")
    assert letter.words["event_id"] == "evt_1"


def test_what_was_done_last_is_the_state():
    place = Place(3, 17)
    letter = buried(fetched(b"{", 17))
    redriving, redriven = noted(Action.REDRIVING, place, 1), noted(Action.REDRIVEN, place, 2)
    letters = read(letter, redriving, redriven, noted(Action.DISCARDED, place, 3))

    deeds = letters.by_place[place].deeds
    assert [deed.action for deed in deeds] == ["redriving", "redriven", "discarded"]
    assert (deeds[1].by, deeds[1].why, deeds[1].written, deeds[1].stands_at) == (
        "ana",
        "mended",
        9,
        2,
    )
    assert letters.by_place[place].state == "discarded"


@pytest.mark.parametrize(
    "stranger",
    [
        Fetched(value=b"hello"),
        Fetched(headers=(("__connect.errors.partition", b"x"), ("__connect.errors.offset", b"1"))),
        noted(Action.DISCARDED, Place(3, 99), 1),
        Fetched(value=b"{}", headers=(("subfold.dlq.action", b"eaten"), (LETTER, b"3:17"))),
        Fetched(value=b"7", headers=(("subfold.dlq.action", b"redriven"), (LETTER, b"3:17"))),
    ],
)
def test_what_is_no_letter_is_counted_and_does_no_harm(stranger):
    letters = read(buried(fetched(b"{", 17)), stranger)

    assert letters.strange == 1
    assert [each.state for each in letters.by_place.values()] == ["open"]


def test_the_original_headers_come_back_untouched():
    letter = dead_letter(fetched(b"{", 17, headers=MINE), BAD)

    assert original_headers(letter.headers) == list(MINE)


def test_a_record_that_fails_again_links_to_the_first_letter():
    first = buried(fetched(b"{", 17, headers=MINE))
    [letter] = read(first).by_place.values()
    again = tuple(headers_to_redrive(letter, first.headers))
    second = buried(fetched(b"{", 23, headers=again))
    [letter] = read(second).by_place.values()
    third = headers_to_redrive(letter, second.headers)

    assert again == (*MINE, (LETTER, b"3:17"), (FIRST, b"3:17"))
    assert letter.first == "3:17"
    assert third == [*MINE, (LETTER, b"3:23"), (FIRST, b"3:17")]


@pytest.mark.parametrize(
    ("chosen", "offsets"),
    [
        (Chosen(), [1, 2, 3]),
        (Chosen(places=frozenset({Place(3, 2)})), [2]),
        (Chosen(reasons=frozenset({"bug"})), [3]),
        (Chosen(customer=ANA), [1, 3]),
        (Chosen(customer=SUBJECT), [1, 3]),
        (Chosen(customer="cus_an"), []),
        (Chosen(since_ms=2000), [2, 3]),
        (Chosen(until_ms=2000), [1]),
        (Chosen(states=frozenset({"open"})), [1, 3]),
        (Chosen(reasons=frozenset({"bug"}), until_ms=2000), []),
    ],
)
def test_letters_are_chosen_by_all_that_is_said(chosen, offsets):
    letters = read(
        buried(fetched(b"{", 3), error=ValueError(), at=3000),
        buried(fetched(b"{", 1), at=1000),
        buried(fetched(b"{", 2, key=b"main/-/live/cus_bo"), at=2000),
        noted(Action.DISCARDED, Place(3, 2), 9),
    )

    assert [letter.place.offset for letter in chosen.of(letters)] == offsets


@pytest.mark.parametrize("text", ["", "3", "3:", ":3", "a:1", "1:-1"])
def test_a_place_is_written_with_a_colon(text):
    with pytest.raises(SettingsError, match="partition:offset"):
        Place.parse(text)
