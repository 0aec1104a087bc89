"""One account's world: a seeded history, and a clock that says how much of it has happened."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from simulation.charges import with_charges
from simulation.objects import DAY_S, Fields, Generation
from simulation.prices import PRICES_CREATED
from simulation.simulate import simulate
from simulation.test_clocks import on_test_clock

from .quiet import Quiet
from .shapes import whole
from .view import CustomerDeleted, Passed, Step, View

CLOCK = "clock_simulated"


class World:
    """What one account holds. The same arguments give the same ids, times and facts.

    Each generation's shapes are made when they are first asked for; ids and times are the same in
    all of them.

    Args:
        seed: Another one gives other customers and other lives.
        customers: How many come in the course of the days.
        days: How long there is something to happen; the clock can go no further.
        start: Unix seconds of the beginning.
        day: How many days have gone by already.
        quiet: So many customers more, to whom nothing happens.
        wide: Of the quiet ones, so many with a subscription of twelve items.
        livemode: Whether it is the account's live mode.
        test_clock: Whether all customers live on one of Stripe's test clocks: a year is over in
            minutes, and the world's time is the real time that they take.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        customers: int = 50,
        days: int = 365,
        start: int = PRICES_CREATED,
        day: int = 180,
        quiet: int = 0,
        wide: int = 0,
        livemode: bool = False,
        test_clock: bool = False,
    ) -> None:
        self.livemode = livemode
        self._test_clock = test_clock
        self._seed, self._customers, self._days, self._start = seed, customers, days, start
        self._quiet = Quiet(number=quiet, wide=wide, start=start, livemode=livemode)
        self._histories: dict[Generation, list[Fields]] = {}
        self._views: dict[Generation, View] = {}
        # The test looks from its thread, the server from its own.
        self._looking = threading.Lock()
        self.now, self.ends = start + day * DAY_S, start + days * DAY_S
        if test_clock:
            self.now, self.ends = (
                self.when_clock_stands(self.now),
                self.when_clock_stands(self.ends),
            )
        self._steps: list[Step] = [Passed(to=self.now)]

    def view(self, generation: Generation = Generation.ENDIVE) -> View:
        """What is there now, in the shapes of that generation."""
        with self._looking:
            view = self._views.get(generation)
            if view is None:
                view = View(self._history(generation), generation, livemode=self.livemode)
                self._quiet.put_on(view.shelves, generation)
                self._views[generation] = view
            view.follow(self._steps)
        return view

    def advance(self, seconds: int) -> None:
        """Let time go by.

        Raises:
            ValueError: There is nothing to happen so late, or it would go backwards.
        """
        if not 0 <= seconds <= self.ends - self.now:
            raise ValueError(f"the clock can go on for 0 to {self.ends - self.now} seconds")
        self.now += seconds
        self._steps.append(Passed(to=self.now))

    def delete_customer(self, id: str) -> None:
        """Delete a customer: its subscriptions end at once, as at Stripe."""
        self.happen(CustomerDeleted(id=id, at=self.now))

    def happen(self, step: Step) -> None:
        """Let something happen now that is in no simulated life."""
        self._steps.append(step)

    def when_clock_stands(self, at: int) -> int:
        """The world's time when the test clock has come to `at`; the end if it never does."""
        history = self._history(Generation.ENDIVE)
        ready = (e for e in history if e["type"] == "test_helpers.test_clock.ready")
        there = (e for e in ready if e["data"]["object"]["frozen_time"] >= at)
        return int(next(there, history[-1])["created"])

    def _history(self, generation: Generation) -> Sequence[Fields]:
        """All that will happen, in that generation's shapes."""
        if generation not in self._histories:
            told = self._told(generation)
            self._histories[generation] = [
                whole(event, generation, livemode=self.livemode) for event in told
            ]
        return self._histories[generation]

    def _told(self, generation: Generation) -> Iterable[Fields]:
        told = simulate(
            seed=self._seed,
            customers=self._customers,
            days=self._days,
            start=self._start,
            generation=generation,
            # The same for all, as a customer may have one life only.
            on_demand_pauses=True,
        )
        told = with_charges(told, seed=self._seed)
        if not self._test_clock:
            return told
        until = self._start + self._days * DAY_S
        return on_test_clock(told, clock=CLOCK, start=self._start, until=until, real=self._start)
