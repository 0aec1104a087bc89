"""Business settings: the part of `subfold.toml` that decides what Stripe's data means.

They travel as `settings` records of the log, so that a replay uses the rules of the time.
Connections, sources and secrets are never in them. Source: docs/contract.md, "subfold.toml".
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.automations import Automation
from schemas.conditions import Conditions, NumberCondition, TextCondition
from schemas.strict import Name, Strict
from schemas.zones import Zone

STRIPE_STATUSES = (
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
)
"""What Stripe's subscriptions can be, as of 2026-10-28.endive; it may add to them."""
STRIPE_INTERVALS = ("day", "week", "month", "year")
"""How often Stripe's prices can recur, as of 2026-10-28.endive; it may add to them."""

ONE_OF = "one_of"
"""Type of the fault that a text is none of the words meant; its `expected` quotes them."""
NOT_MARKED = frozenset({"", "false", "0", "no"})


def _one_of(*words: str) -> AfterValidator:
    """Allow these words; one that ends in `:` stands before a key of the user's own."""

    def check(given: str) -> str:
        for word in words:
            if given == word and not word.endswith(":"):
                return given
            if word.endswith(":") and given.startswith(word) and given != word:
                return given
        told = ", ".join(f"'{word}<key>'" if word.endswith(":") else f"'{word}'" for word in words)
        raise PydanticCustomError(ONE_OF, "must be one of {expected}", {"expected": told})

    return AfterValidator(check)


def _exact_fraction(given: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,5}(/[1-9]\d{0,5})?", given):
        raise ValueError("must be an exact fraction such as '52/12'")
    return given


ExactFraction = Annotated[str, AfterValidator(_exact_fraction)]


class Contact(Strict):
    """Whether a Stripe customer is an account or a user, and where your own id is found."""

    kind: Literal["account", "user"] = "account"
    match: Annotated[str, _one_of("customer_id", "email", "metadata:")] = "metadata:account_id"
    look_in: tuple[Literal["customer", "subscription", "checkout_session"], ...] = (
        "customer",
        "subscription",
        "checkout_session",
    )
    create_missing: StrictBool = False


class Business(Strict):
    """Which figure is MRR and which date is the renewal, of accounts and users alike.

    `primary` names the metadata key that marks a customer's main subscription; `time_zone` is whose
    days `before` counts.
    """

    mrr: Annotated[str, _one_of("subscription.mrr", "committed_mrr", "metadata:")] = (
        "subscription.mrr"
    )
    renewal_date: Annotated[
        str, _one_of("subscription.current_period_end", "trial_end", "metadata:")
    ] = "subscription.current_period_end"
    renewal_of: Literal["earliest", "largest", "primary"] = "earliest"
    primary: Annotated[str, _one_of("metadata:")] = "metadata:primary"
    time_zone: Zone = "UTC"

    def is_primary(self, metadata: Mapping[str, str]) -> bool:
        """Whether a subscription's metadata mark it as the customer's main one."""
        value = metadata.get(self.primary.removeprefix("metadata:"), "")
        return value.strip().lower() not in NOT_MARKED


class Mrr(Strict):
    """Which rule set counts MRR; a switch that is given overrides the preset's.

    Args:
        discounts: Which discounts are subtracted: only those for ever, these and repeating ones
            that have not ended, or all.
        cancel_counts: Whether a scheduled cancellation counts when it is asked for or at its end.
        count_past_due: Whether `past_due` subscriptions count.
        pause_collection: Whether a subscription counts whose collection is paused by `void` or
            `mark_uncollectible`.
        weeks_per_month, days_per_month: Exact fractions, `"52/12"` and `"365/12"`.
    """

    preset: Literal["standard", "stripe", "net"] = "standard"
    discounts: Literal["forever", "recurring", "all"] | None = None
    cancel_counts: Literal["request", "end"] | None = None
    count_past_due: StrictBool | None = None
    pause_collection: Literal["keep", "exclude"] | None = None
    weeks_per_month: ExactFraction | None = None
    days_per_month: ExactFraction | None = None


class StageRule(Strict):
    """A stage and the subscriptions that are in it."""

    name: Name
    when: Conditions


def _statuses(*names: str) -> Conditions:
    return Conditions(status=TextCondition(any_of=names))


class Stages(Strict):
    """Rules match in order for one subscription; `between` says which subscription then decides.

    Args:
        precedence: Every stage, the one that decides first at the front.
        between: `precedence` of the stages, the `latest` subscription that has a stage, or the
            `primary` one, which `[business] primary` marks.
    """

    precedence: tuple[Name, ...] = ("Customer", "Trial", "Churn")
    between: Literal["precedence", "latest", "primary"] = "precedence"
    rules: tuple[StageRule, ...] = (
        StageRule(name="Trial", when=_statuses("trialing")),
        StageRule(
            name="Customer",
            when=_statuses("active", "incomplete", "incomplete_expired", "past_due", "unpaid"),
        ),
        StageRule(name="Churn", when=_statuses("canceled")),
    )

    @property
    def told(self) -> str:
        """All stages, for an error."""
        return ", ".join(self.precedence)

    @model_validator(mode="after")
    def _every_stage_has_its_place(self) -> Self:
        names = [rule.name for rule in self.rules]
        if missing := sorted(set(names) - set(self.precedence)):
            raise ValueError(f"precedence leaves out {', '.join(missing)}")
        if unknown := sorted(set(self.precedence) - set(names)):
            raise ValueError(f"precedence names {', '.join(unknown)}, for which there is no rule")
        if len(set(self.precedence)) < len(self.precedence):
            raise ValueError("precedence names a stage twice")
        return self


def _renewing(**days: int) -> Conditions:
    return Conditions(renewal_period=NumberCondition(**days))


class BusinessSettings(Strict):
    """All that decides meaning. The default is what a new installation starts with."""

    contact: Contact = Contact()
    business: Business = Business()
    mrr: Mrr = Mrr()
    stages: Stages = Stages()
    automations: tuple[Automation, ...] = (
        Automation(
            name="renewal-30d", on="renewal_upcoming", before=("30d",), when=_renewing(at_least=90)
        ),
        Automation(
            name="renewal-7d",
            on="renewal_upcoming",
            before=("7d",),
            when=_renewing(at_least=28, less=90),
        ),
        Automation(name="cancellation-scheduled", on="cancellation_scheduled"),
        Automation(name="subscription-canceled", on="subscription_canceled"),
    )

    @field_validator("automations")
    @classmethod
    def _each_has_its_own_name(cls, given: tuple[Automation, ...]) -> tuple[Automation, ...]:
        for name, times in Counter(each.name for each in given).items():
            if times > 1:
                raise ValueError(f"two are named {name!r}, and nobody could tell them apart")
        return given

    @field_validator("automations")
    @classmethod
    def _every_stage_has_a_rule(
        cls, given: tuple[Automation, ...], info: ValidationInfo
    ) -> tuple[Automation, ...]:
        stages = info.data.get("stages", Stages())
        for each in given:
            if each.stage is not None and each.stage not in stages.precedence:
                near = get_close_matches(each.stage, stages.precedence, n=1)
                told = f"did you mean {near[0]!r}?" if near else f"only {stages.told}"
                raise ValueError(f"{each.name!r}: there is no stage {each.stage!r}; {told}")
        return given

    def content_hash(self) -> str:
        """SHA-256 of the canonical content: two files that mean the same have the same hash."""
        content = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()


Announce = Literal["silent", "now", "from_now_on"]
"""How rows that are there become what new settings make of them.

`now` tells what changed, `silent` adopts it, and with `from_now_on` it is told with the customer's
next record.
"""


class SettingsRecord(Strict):
    """Value of a `settings` record: the full content and where it came from."""

    version: int = Field(ge=1)
    hash: str
    applied_by: str
    reason: str = ""
    announce: Announce = "from_now_on"
    content: BusinessSettings


class RuleInForce(Strict):
    """Since which version of the settings, and which second, an automation reads as it does."""

    version: int
    since: int


class SettingsInForce(Strict):
    """What a partition folds with; version 0 is the built-in default, before any record.

    `rules` are the automations that a record brought, by name; the others were there always.
    `announce`, `applied_at` and `place` (partition and offset) are those of the record;
    `zone_since` is when the time zone became what it is.
    """

    version: int = 0
    content: BusinessSettings = BusinessSettings()
    announce: Announce = "from_now_on"
    applied_at: int = 0
    place: tuple[int, int] = (0, 0)
    zone_since: int = 0
    rules: dict[str, RuleInForce] = Field(default_factory=dict)

    def rule(self, name: str) -> RuleInForce:
        """Since when an automation reads as it does."""
        return self.rules.get(name) or RuleInForce(version=self.version, since=0)

    def followed_by(
        self,
        version: int,
        content: BusinessSettings,
        *,
        at: int,
        announce: Announce = "from_now_on",
        place: tuple[int, int] = (0, 0),
    ) -> SettingsInForce:
        """The settings that a record of that second brings; what it leaves as it was stays so."""
        former = {each.name: each for each in self.content.automations} if self.version else {}
        rules = {
            each.name: self.rule(each.name)
            if former.get(each.name) == each
            else RuleInForce(version=version, since=at)
            for each in content.automations
        }
        is_same_zone = content.business.time_zone == self.content.business.time_zone
        return SettingsInForce(
            version=version,
            content=content,
            rules=rules,
            announce=announce,
            applied_at=at,
            place=place,
            zone_since=self.zone_since if is_same_zone else at,
        )
