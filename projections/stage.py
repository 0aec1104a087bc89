"""Lifecycle stage: the user's rules on each subscription, and who decides between them.

Rules match in file order for one subscription. A status that no rule names takes the stage of the
latest status that a rule names. `incomplete` and `incomplete_expired` decide only where there is no
other subscription. Source: docs/contract.md, "Rows and markers"; docs/stages.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from projections.conditions import Considered, accepts_status, matches
from projections.timeline import course_of, timeline
from schemas.objects import Subscription
from schemas.rows import Announced, AnnouncedStage, Facts, SubscriptionFacts
from schemas.settings import STRIPE_STATUSES, BusinessSettings, StageRule
from schemas.standing import MrrView, StagesView, StageView
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import StageChanged, Update

NEVER_STARTED = frozenset({"incomplete", "incomplete_expired"})


def stages_of(facts: Facts, settings: BusinessSettings, mrr: MrrView) -> StagesView:
    """Find the stage of each subscription and of the customer; none where no rule holds."""
    judge = _Judge(settings.stages.rules, facts, mrr)
    found: list[_Found] = []
    unmapped: dict[str, str] = {}
    for id_, entry in facts.subscriptions.items():
        status: str | None = entry.now.status
        if not judge.is_named(entry.now.status):
            unmapped[id_] = entry.now.status
            status = last_named(entry, judge.is_named)
        rule = None if status is None else judge.rule_for(entry, status)
        if rule is not None:
            found.append(_Found(entry, rule, judge.rules[rule].name))
    deciding = _deciding(found, settings)
    return StagesView(
        stage=_view(judge, deciding) if deciding else None,
        of_each={each.now.id: each.name for each in found},
        unmapped=unmapped,
    )


def unknown_statuses(view: StagesView) -> tuple[str, ...]:
    """Statuses that no rule names and that Stripe did not have when this was written; sorted."""
    return tuple(sorted(set(view.unmapped.values()) - set(STRIPE_STATUSES)))


def last_named(entry: SubscriptionFacts, is_named: Callable[[str], bool]) -> str | None:
    """The latest status that a rule names; None when there never was one."""
    times = [
        (at, course_of(status), status) for status, at in entry.statuses.items() if is_named(status)
    ]
    return max(times)[2] if times else None


def project_stage(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell a change of stage: the name is what counts, not which subscription decided."""
    view = transition.standing.stages.stage
    previous = announced.stage
    if (view.name if view else None) == (previous.name if previous else None):
        return announced, iter(())
    told = (
        AnnouncedStage(
            name=view.name, since=view.since, rule=view.rule, subscription=view.subscription
        )
        if view
        else None
    )
    update = StageChanged(
        **transition.common,
        index=0,
        previous=previous.name if previous else None,
        stage=view.name if view else None,
        since=iso(view.since) if view else None,
        rule=view.rule if view else None,
        subscription=view.subscription if view else None,
        status=view.status if view else None,
    )
    return replace(announced, stage=told), iter((update,))


class _Judge:
    """The rules, and the customer whose subscriptions they are tried on."""

    def __init__(self, rules: Sequence[StageRule], facts: Facts, mrr: MrrView) -> None:
        self.rules = rules
        self._facts = facts
        self._mrr = mrr
        self._named: dict[str, bool] = {}

    def is_named(self, status: str) -> bool:
        """Whether any rule could hold for this status."""
        if status not in self._named:
            self._named[status] = any(accepts_status(rule.when, status) for rule in self.rules)
        return self._named[status]

    def rule_for(self, entry: SubscriptionFacts, status: str) -> int | None:
        """The first rule that holds if the subscription had this status and all else as now."""
        one = Considered(entry=entry, status=status, facts=self._facts, mrr=self._mrr)
        found = (place for place, rule in enumerate(self.rules) if matches(rule.when, one))
        return next(found, None)

    def word_for(self, rule: int) -> str:
        """The rule's name; the second of one name is `Lost#2`."""
        name = self.rules[rule].name
        number = sum(each.name == name for each in self.rules[: rule + 1])
        return name if number == 1 else f"{name}#{number}"


class _Found(NamedTuple):
    """A subscription, and the rule that gives its stage."""

    entry: SubscriptionFacts
    rule: int
    name: str

    @property
    def now(self) -> Subscription:
        return self.entry.now


def _deciding(found: Sequence[_Found], settings: BusinessSettings) -> Sequence[_Found]:
    """Those of which the one that entered its stage last decides; all in one stage."""
    found = [each for each in found if each.now.status not in NEVER_STARTED] or found
    if settings.stages.between == "latest":
        return sorted(found, key=lambda each: (each.now.created_at, each.now.id))[-1:]
    if settings.stages.between == "primary":
        found = [each for each in found if settings.business.is_primary(each.now.metadata)] or found
    place = {name: number for number, name in enumerate(settings.stages.precedence)}
    first = min((place[each.name] for each in found), default=None)
    return [each for each in found if place[each.name] == first]


def _view(judge: _Judge, deciding: Sequence[_Found]) -> StageView:
    since = {each.now.id: _since(judge, each) for each in deciding}
    last = min(deciding, key=lambda each: (-since[each.now.id], each.now.id))
    return StageView(
        name=last.name,
        since=since[last.now.id],
        rule=judge.word_for(last.rule),
        subscription=last.now.id,
        status=last.now.status,
    )


def _since(judge: _Judge, found: _Found) -> int:
    """Walk back through the subscription's life for as long as its statuses give the stage."""
    since = found.entry.versions[-1].at
    gives: dict[str, bool] = {}
    for span in reversed(timeline(found.entry)):
        if span.status not in gives:
            rule = judge.rule_for(found.entry, span.status)
            gives[span.status] = rule is not None and judge.rules[rule].name == found.name
        if gives[span.status]:
            since = span.at
        elif judge.is_named(span.status):
            break
    return since
