"""Lifecycle stage: the user's rules on each subscription, and who decides between them.

Rules match in file order for one subscription. A status that no rule names takes the stage of the
latest status that a rule names. `incomplete` and `incomplete_expired` decide only where there is no
other subscription. Source: docs/contract.md, "Rows and markers"; docs/stages.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from projections.conditions import Considered, accepts_status, matches
from projections.timeline import course_of, timeline
from schemas.rows import Announced, AnnouncedStage, Facts, SubscriptionFacts
from schemas.settings import STRIPE_STATUSES, BusinessSettings, StageRule
from schemas.standing import MrrView, StagesView, StageView
from schemas.times import iso
from schemas.transitions import Transition
from schemas.updates import StageChanged, Update

NEVER_STARTED = frozenset({"incomplete", "incomplete_expired"})


def stages_of(facts: Facts, settings: BusinessSettings, mrr: MrrView) -> StagesView:
    """Find the stage of each subscription and of the customer; none where no rule holds."""
    rules = settings.stages.rules
    views, unmapped = [], {}
    for subscription, entry in facts.subscriptions.items():
        judge = _Judge(rules=rules, entry=entry, facts=facts, mrr=mrr)
        if not judge.is_named(entry.now.status):
            unmapped[subscription] = entry.now.status
        if view := _stage_of_one(judge):
            views.append(view)
    return StagesView(
        stage=_decide(views, facts, settings),
        of_each={view.subscription: view.name for view in views},
        unmapped=unmapped,
    )


def unknown_statuses(view: StagesView) -> tuple[str, ...]:
    """Statuses that no rule names and that Stripe did not have when this was written; sorted."""
    return tuple(sorted(set(view.unmapped.values()) - set(STRIPE_STATUSES)))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """The rules, and one subscription that they are tried on."""

    rules: Sequence[StageRule]
    entry: SubscriptionFacts
    facts: Facts
    mrr: MrrView

    def is_named(self, status: str) -> bool:
        """Whether any rule could hold for this status."""
        return any(accepts_status(rule.when, status) for rule in self.rules)

    def rule_for(self, status: str) -> int | None:
        """The first rule that holds if the subscription had this status and all else as now."""
        one = Considered(
            subscription=replace(self.entry.now, status=status), facts=self.facts, mrr=self.mrr
        )
        found = (place for place, rule in enumerate(self.rules) if matches(rule.when, one))
        return next(found, None)

    def word_for(self, rule: int) -> str:
        """The rule's name; the second of one name is `Lost#2`."""
        name = self.rules[rule].name
        number = sum(each.name == name for each in self.rules[: rule + 1])
        return name if number == 1 else f"{name}#{number}"


def _stage_of_one(judge: _Judge) -> StageView | None:
    now = judge.entry.now
    status: str | None = now.status
    if not judge.is_named(now.status):
        status = _last_named(judge)
    rule = None if status is None else judge.rule_for(status)
    if rule is None:
        return None
    name = judge.rules[rule].name
    return StageView(
        name=name,
        since=_since(judge, name),
        rule=judge.word_for(rule),
        subscription=now.id,
        status=now.status,
    )


def _last_named(judge: _Judge) -> str | None:
    """The latest status that a rule names; None when there never was one."""
    times = [
        (at, course_of(status), status)
        for status, at in judge.entry.statuses.items()
        if judge.is_named(status)
    ]
    return max(times)[2] if times else None


def _since(judge: _Judge, name: str) -> int:
    """Walk back through the subscription's life for as long as its statuses give the stage."""
    since = judge.entry.versions[-1].at
    gives: dict[str, bool] = {}
    for span in reversed(timeline(judge.entry)):
        if span.status not in gives:
            rule = judge.rule_for(span.status)
            gives[span.status] = rule is not None and judge.rules[rule].name == name
        if gives[span.status]:
            since = span.at
        elif judge.is_named(span.status):
            break
    return since


def _decide(
    views: Sequence[StageView], facts: Facts, settings: BusinessSettings
) -> StageView | None:
    """Say which subscription's stage is the customer's."""
    deciding = [view for view in views if view.status not in NEVER_STARTED] or views
    now = {view.subscription: facts.subscriptions[view.subscription].now for view in deciding}
    if settings.stages.between == "latest":
        return max(
            deciding,
            key=lambda view: (now[view.subscription].created_at, view.subscription),
            default=None,
        )
    if settings.stages.between == "primary":
        main = [v for v in deciding if settings.business.is_primary(now[v.subscription].metadata)]
        deciding = main or deciding
    place = {name: number for number, name in enumerate(settings.stages.precedence)}
    return min(
        deciding,
        key=lambda view: (place[view.name], -view.since, view.subscription),
        default=None,
    )
