"""The fold under deliver, duplicate, delay, back-fill, crash and resume, against a naive model."""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from build import START, customer, event, fetched, record, subscription
from naive import facts_of
from schemas.codec import decode_row, encode_row
from schemas.settings import SettingsInForce
from streams.pipeline import Outcome, step

RULES = SettingsInForce(version=1)
SUBSCRIPTIONS = st.sampled_from(["sub_1", "sub_2", "sub_3"])
STATUSES = st.sampled_from(
    ["trialing", "active", "active", "past_due", "unpaid", "paused", "canceled", "novel"]
)
OLD_STATUSES = st.sampled_from([None, "trialing", "active", "past_due"])
TIMES = st.integers(START, START + 3)


class FoldMachine(RuleBasedStateMachine):
    """One customer's partition: `log` is what was appended, `row` what was folded of it.

    `stored` is the row at the last commit and `position` how far it goes: a crash goes back there.
    """

    def __init__(self):
        super().__init__()
        self.log, self.waiting, self.fetches = [], [], set()
        self.row, self.stored, self.position = None, None, 0
        self.numbers = itertools.count()

    def deliver(self, body):
        self.log.append(body)
        self.fold(body, len(self.log) - 1)

    def fold(self, body, offset):
        done = step(self.row, record(body, offset), RULES)
        assert done.outcome in {Outcome.FOLDED, Outcome.DUPLICATE}
        self.row = done.row

    def subscription_event(self, what, id_, status, old, at):
        was = {"status": old} if old and what != "created" else None
        return event(
            f"customer.subscription.{what}",
            subscription(id_, status),
            at=at,
            was=was,
            id=f"evt_{next(self.numbers):04d}",
        )

    @initialize(name=st.sampled_from(["Ana", "Eva"]))
    def customer_is_created(self, name):
        self.deliver(event("customer.created", customer(name=name), id="evt_first"))

    @rule(
        what=st.sampled_from(["created", "updated", "updated", "deleted", "paused"]),
        id_=SUBSCRIPTIONS,
        status=STATUSES,
        old=OLD_STATUSES,
        at=TIMES,
        is_delayed=st.booleans(),
    )
    def something_happens(self, is_delayed, **about):
        body = self.subscription_event(**about)
        if is_delayed:
            self.waiting.append(body)
        else:
            self.deliver(body)

    @rule(name=st.sampled_from(["Ana", "Eva"]), at=TIMES)
    def customer_changes(self, name, at):
        number = f"evt_{next(self.numbers):04d}"
        self.deliver(event("customer.updated", customer(name=name), at=at, id=number))

    @rule(chance=st.randoms(use_true_random=False))
    def what_waited_arrives(self, chance):
        chance.shuffle(self.waiting)
        for body in self.waiting:
            self.deliver(body)
        self.waiting = []

    @rule(chance=st.randoms(use_true_random=False), is_newer=st.booleans())
    def something_comes_again(self, chance, is_newer):
        body = chance.choice(self.log)
        self.deliver(body | {"api_version": "2027-03-31.future"} if is_newer else body)

    @rule(id_=SUBSCRIPTIONS, status=STATUSES, at=TIMES)
    def it_is_fetched(self, id_, status, at):
        if (id_, at) in self.fetches:
            return  # which of two fetches of one second was first, nobody can say
        self.fetches.add((id_, at))
        self.deliver(fetched(subscription(id_, status), "back_fill", at=at))

    @rule()
    def it_is_committed(self):
        self.stored, self.position = encode_row(self.row), len(self.log)

    @rule()
    def it_crashes_and_resumes(self):
        self.row = decode_row(self.stored) if self.stored else None
        for offset in range(self.position, len(self.log)):
            self.fold(self.log[offset], offset)

    @invariant()
    def facts_are_what_the_naive_model_says(self):
        if not self.log:
            return
        expected, facts = facts_of(self.log), self.row.facts
        found = {
            id_: {"status": entry.now.status, "metadata": dict(entry.now.metadata)}
            for id_, entry in facts.subscriptions.items()
        }
        profile = {"name": facts.profile.name, "metadata": dict(facts.profile.metadata)}
        assert {**found, facts.profile.id: profile} == expected["objects"]
        assert (facts.at, facts.first_seen_at) == (expected["at"], expected["first_seen_at"])
        ever = {id_: set(entry.statuses) for id_, entry in facts.subscriptions.items()}
        assert ever == expected["ever"]


FoldMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestFoldMachine = FoldMachine.TestCase
