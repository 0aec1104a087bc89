from __future__ import annotations

from console.queries.shell import around
from console.read_model.positions import say


def test_pages_are_as_of_when_nothing_more_was_to_be_read_though_nothing_came_since(filled):
    with filled.begin() as connection:
        assert around(connection).as_of is None

        say(connection, seen_at=2_000, caught_up_at=1_990)

        assert around(connection).as_of == 1_990
