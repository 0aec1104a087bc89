"""`[[automations]]`: moments that call for action. Source: docs/automations.md."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from schemas.conditions import Conditions, Listed
from schemas.strict import Name, Strict


def _span(given: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,3}[dh]", given):
        raise ValueError("must be days or hours such as '30d' or '12h'")
    return given


def _time_of_day(given: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
        raise ValueError("must be a time of day such as '09:00'")
    return given


Span = Annotated[str, AfterValidator(_span)]
"""A length of time as people write it: `30d` are days, `12h` hours."""
Moment = Literal[
    "renewal_upcoming",
    "trial_ending",
    "discount_ending",
    "payment_method_expiring",
    "subscription_started",
    "subscription_renewed",
    "renewal_rescheduled",
    "trial_converted",
    "trial_lost",
    "never_started",
    "plan_changed",
    "subscription_paused",
    "subscription_resumed",
    "cancellation_scheduled",
    "cancellation_revoked",
    "subscription_canceled",
    "payment_failed",
    "payment_recovered",
    "mrr_expanded",
    "mrr_contracted",
    "stage_entered",
    "stage_left",
    "inactive_since",
    "customer_lost",
]
AHEAD: frozenset[Moment] = frozenset(
    {"renewal_upcoming", "trial_ending", "discount_ending", "payment_method_expiring"}
)
"""Moments that come some time before a date."""
TIMED: frozenset[Moment] = AHEAD | {"inactive_since"}
"""Moments that come by time alone."""
STAGED: frozenset[Moment] = frozenset({"stage_entered", "stage_left", "inactive_since"})
"""Moments about one stage."""
OF_CUSTOMER: frozenset[Moment] = STAGED | {"customer_lost"}
"""Moments of the customer, not of one subscription."""
OF_MRR: frozenset[Moment] = frozenset({"mrr_expanded", "mrr_contracted"})
NEEDS: dict[str, frozenset[Moment]] = {
    "before": AHEAD,
    "stage": STAGED,
    "after": frozenset({"inactive_since"}),
}
TAKES: dict[str, frozenset[Moment]] = {
    "at": AHEAD,
    "even_if_short": AHEAD,
    "grace": frozenset({"customer_lost"}),
    "by_at_least": OF_MRR,
    "per": OF_MRR,
}
EXAMPLES = {"before": "before = '30d'", "stage": "stage = 'Trial'", "after": "after = '30d'"}


class Automation(Strict):
    """A moment that calls for action.

    Args:
        before: How long before its date a moment of `AHEAD` comes; several make several moments.
        stage: The stage that is entered, left, or that nothing happens in.
        after: How long nothing happened.
        grace: How long a customer that has lost its last subscription may come back.
        by_at_least: How much MRR changed, in minor units.
        per: Whether the MRR is that of one subscription or of the customer.
        at: At which local time of its day a moment some days before comes, `09:00`.
        even_if_short: Whether it is armed though `before` is not shorter than half the period.
        when: What the subscription must be at that moment; of a customer, one of them.
        late: Whether it is told or skipped when it comes more than an hour late.
        useful_until: How late it may come at most.
    """

    name: Name
    on: Moment
    before: Annotated[tuple[Span, ...], Listed] = ()
    at: Annotated[str, AfterValidator(_time_of_day)] | None = None
    even_if_short: StrictBool = False
    stage: Name | None = None
    after: Span | None = None
    grace: Span | None = None
    by_at_least: Annotated[int, Field(strict=True, ge=1)] | None = None
    per: Literal["subscription", "customer"] | None = None
    when: Conditions | None = None
    late: Literal["fire", "skip"] = "fire"
    useful_until: Span | None = None

    @property
    def scope(self) -> Literal["subscription", "customer"]:
        """Whether it is about the customer or one of its subscriptions."""
        if self.on in OF_CUSTOMER:
            return "customer"
        return self.per or "subscription"

    @model_validator(mode="after")
    def _has_the_words_of_its_moment(self) -> Self:
        for word, moments in NEEDS.items():
            given: Any = getattr(self, word)
            if self.on in moments and not given:
                raise ValueError(f"{self.on} needs {word}, such as {EXAMPLES[word]}")
        for word, moments in (NEEDS | TAKES).items():
            if getattr(self, word) and self.on not in moments:
                raise ValueError(f"{self.on} takes no {word}; {', '.join(sorted(moments))} do")
        if self.at and not any(span.endswith("d") for span in self.before):
            raise ValueError("at says when on its day a moment comes: before has no days")
        if len(set(self.before)) < len(self.before):
            raise ValueError("before names a length twice")
        return self
