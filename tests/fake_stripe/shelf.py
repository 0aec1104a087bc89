"""Objects of one kind in the order of their creation, so that a page costs what is on it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from simulation.objects import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Times of creation, both ends in it; None is no bound."""

    first: int | None = None
    last: int | None = None


ALL_TIME = Span()


class Shelf:
    """Objects by id; deleted ones are remembered by id alone.

    They are shared: nobody may change them.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._created: list[int] = []
        self._place: dict[str, int] = {}
        self._things: dict[str, Fields | Callable[[], Fields]] = {}
        self._of: dict[str, list[int]] = {}
        self.deleted: set[str] = set()

    def __len__(self) -> int:
        return len(self._things)

    def put(self, thing: Fields) -> None:
        """Put an object there, in the place of its former self."""
        self.put_made(thing["id"], thing.get("created", 0), thing.get("customer"), lambda: thing)
        self._things[thing["id"]] = thing

    def put_made(
        self, id: str, created: int, owner: str | None, make: Callable[[], Fields]
    ) -> None:
        """Put an object there that is made each time it is looked at."""
        self._things[id] = make
        if id in self._place:
            return
        place = bisect_right(self._created, created)
        self._ids.insert(place, id)
        self._created.insert(place, created)
        if place < len(self._place):
            self._move_up(place)
        self._place[id] = place
        if owner:
            insort(self._of.setdefault(owner, []), place)

    def _move_up(self, begin: int) -> None:
        """Make room for one: what was first seen later than it was created is rare."""
        for id in self._ids[begin + 1 :]:
            self._place[id] += 1
        for places in self._of.values():
            places[:] = [place + (place >= begin) for place in places]

    def delete(self, id: str) -> None:
        """Take it away; its id is remembered."""
        if self._things.pop(id, None) is not None:
            self.deleted.add(id)

    def get(self, id: str) -> Fields | None:
        """The object as it is now."""
        thing = self._things.get(id)
        return thing() if callable(thing) else thing

    def newest_first(
        self, *, owner: str | None = None, span: Span = ALL_TIME, after: str | None = None
    ) -> Iterator[Fields]:
        """Those of one customer, or all, that were created in the span, from the newest on.

        `after` is the id of the one that comes before the first.
        """
        places, low, high = self._bounds(owner, span)
        if after is not None:
            high = min(high, bisect_left(places, self._place[after]))
        return self._present(places[place] for place in range(high - 1, low - 1, -1))

    def oldest_first(
        self, *, owner: str | None = None, span: Span = ALL_TIME, before: str
    ) -> Iterator[Fields]:
        """Those newer than the one of that id, from the oldest on."""
        places, low, high = self._bounds(owner, span)
        low = max(low, bisect_right(places, self._place[before]))
        return self._present(places[place] for place in range(low, high))

    def _bounds(self, owner: str | None, span: Span) -> tuple[Sequence[int], int, int]:
        places: Sequence[int] = range(len(self._ids))
        if owner is not None:
            places = self._of.get(owner, [])
        low, high = 0, len(places)
        if span.first is not None:
            low = bisect_left(places, span.first, key=self._created.__getitem__)
        if span.last is not None:
            high = bisect_right(places, span.last, key=self._created.__getitem__)
        return places, low, high

    def _present(self, places: Iterator[int]) -> Iterator[Fields]:
        things = (self.get(self._ids[place]) for place in places)
        return (thing for thing in things if thing is not None)
