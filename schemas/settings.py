"""Business settings: the part of `subfold.toml` that decides what Stripe's data means.

They travel as `settings` records of the log, so that a replay uses the rules of the time.
Connections, sources and secrets are never in them. Source: docs/contract.md, "subfold.toml".
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

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

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(_Strict):
    """Whether a Stripe customer is an account or a user, and where your own id is found."""

    kind: Literal["account", "user"] = "account"
    match: Annotated[str, StringConstraints(pattern=r"^(customer_id|email|metadata:.+)$")] = (
        "metadata:account_id"
    )
    look_in: tuple[Literal["customer", "subscription"], ...] = ("customer", "subscription")
    create_missing: bool = False


class Business(_Strict):
    """Which figure is MRR and which date is the renewal."""

    mrr: Literal["subscription.mrr"] = "subscription.mrr"
    renewal_date: Literal["subscription.current_period_end"] = "subscription.current_period_end"
    renewal_of: Literal["earliest"] = "earliest"


class Mrr(_Strict):
    """Which rule set counts MRR."""

    preset: Literal["standard"] = "standard"


class Conditions(_Strict):
    """What a subscription must be for a rule to match; every condition named must hold."""

    status: tuple[Name, ...] = Field(min_length=1)


class StageRule(_Strict):
    """A stage and the subscriptions that are in it."""

    name: Name
    when: Conditions


class Stages(_Strict):
    """Rules match in order for one subscription; `precedence` decides between subscriptions."""

    precedence: tuple[Name, ...] = ("Customer", "Trial", "Churn")
    between: Literal["precedence"] = "precedence"
    rules: tuple[StageRule, ...] = (
        StageRule(name="Trial", when=Conditions(status=("trialing",))),
        StageRule(
            name="Customer",
            when=Conditions(
                status=("active", "incomplete", "incomplete_expired", "past_due", "unpaid")
            ),
        ),
        StageRule(name="Churn", when=Conditions(status=("canceled",))),
    )

    @model_validator(mode="after")
    def _every_stage_has_its_place(self) -> Self:
        names = [rule.name for rule in self.rules]
        if missing := sorted(set(names) - set(self.precedence)):
            raise ValueError(f"precedence leaves out {', '.join(missing)}")
        if unknown := sorted(set(self.precedence) - set(names)):
            raise ValueError(f"precedence names {', '.join(unknown)}, for which there is no rule")
        return self


class Automation(_Strict):
    """A moment that calls for action."""

    name: Name
    on: Literal["subscription_canceled"]


class BusinessSettings(_Strict):
    """All that decides meaning. The default is what a new installation starts with."""

    contact: Contact = Contact()
    business: Business = Business()
    mrr: Mrr = Mrr()
    stages: Stages = Stages()
    automations: tuple[Automation, ...] = (
        Automation(name="subscription-canceled", on="subscription_canceled"),
    )

    def content_hash(self) -> str:
        """SHA-256 of the canonical content: two files that mean the same have the same hash."""
        content = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()


class SettingsRecord(_Strict):
    """Value of a `settings` record: the full content and where it came from.

    `announce` says what happens with what the new rules would say otherwise of older rows.
    """

    version: int = Field(ge=1)
    hash: str
    applied_by: str
    reason: str = ""
    announce: Literal["silent", "now", "from_now_on"] = "from_now_on"
    content: BusinessSettings


class SettingsInForce(_Strict):
    """What a partition folds with; version 0 is the built-in default, before any record."""

    version: int = 0
    content: BusinessSettings = BusinessSettings()
