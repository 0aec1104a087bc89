"""The account as one API generation shows it: the fold of its events up to the world's time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from simulation.objects import Fields, Generation, event_object, former_values, made_id

from .shelf import Shelf

DELETED = frozenset(
    f"{kind}.deleted"
    for kind in ("coupon", "customer", "price", "product", "test_helpers.test_clock")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The clock came to that time."""

    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDeleted:
    """Somebody deleted a customer; none of its simulated life happens any more."""

    id: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something happened that the simulated account does not know of; `name` is its event's id."""

    name: str
    type: str
    thing: Fields
    at: int


Step = Passed | CustomerDeleted | Told


class View:
    """Objects and events in the shapes of one generation; they are shared, nobody changes them.

    Args:
        history: All that will happen, in its order, in that generation's shapes.
        generation: Whose shapes they are.
        livemode: Whether the account is in live mode.
    """

    def __init__(
        self, history: Sequence[Fields], generation: Generation, *, livemode: bool
    ) -> None:
        self.generation = generation
        self.shelves: dict[str, Shelf] = defaultdict(Shelf)
        self.events = Shelf()
        self.event_ids: list[str] = []
        self._history = history
        self._livemode = livemode
        self._taken = 0
        self._done = 0
        self._gone: set[str] = set()

    def follow(self, steps: Sequence[Step]) -> None:
        """Let happen what has not happened here yet."""
        for step in steps[self._done :]:
            match step:
                case Passed(to=to):
                    self._pass(to)
                case CustomerDeleted():
                    self._delete_customer(step)
                case Told():
                    self._tell(step.name, step.type, step.thing, step.at)
        self._done = len(steps)

    def get(self, kind: str, id: str) -> Fields | None:
        """An object as it is now."""
        return self.shelves[kind].get(id) if kind in self.shelves else None

    def _pass(self, to: int) -> None:
        while self._taken < len(self._history) and self._history[self._taken]["created"] <= to:
            event = self._history[self._taken]
            self._taken += 1
            thing = event["data"]["object"]
            if not self._gone & {thing.get("customer"), thing.get("id")}:
                self._take(event)

    def _take(self, event: Fields) -> None:
        self.events.put(event)
        self.event_ids.append(event["id"])
        thing = event["data"]["object"]
        if event["type"] in DELETED:
            self.shelves[thing["object"]].delete(thing["id"])
        elif thing.get("id"):  # what is upcoming is no object yet
            self.shelves[thing["object"]].put(thing)

    def _delete_customer(self, step: CustomerDeleted) -> None:
        customer = self.get("customer", step.id)
        if customer is None:
            return
        self._gone.add(step.id)
        for sub in list(self.shelves["subscription"].newest_first(owner=step.id)):
            if sub["status"] not in {"canceled", "incomplete_expired"}:
                ended = sub | {
                    "status": "canceled",
                    "canceled_at": sub["canceled_at"] or step.at,
                    "ended_at": step.at,
                }
                self._tell(f"end/{sub['id']}", "customer.subscription.deleted", ended, step.at)
        self._tell(f"delete/{step.id}", "customer.deleted", customer, step.at)

    def _tell(self, name: str, type: str, thing: Fields, at: int) -> None:
        event = event_object(
            id=made_id("evt", name),
            type=type,
            created=at,
            generation=self.generation,
            thing=thing,
            test=not self._livemode,
        )
        before = self.get(thing["object"], thing["id"]) if type.endswith(".updated") else None
        if before:
            event["data"]["previous_attributes"] = former_values(before, thing)
        self._take(event)
