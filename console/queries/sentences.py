"""Automations in plain English, for people who do not read TOML. Source: docs/automations.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.automations import Automation
from schemas.conditions import Condition, Conditions, FlagCondition

AHEAD_OF = {
    "renewal_upcoming": "a subscription renews",
    "trial_ending": "a trial ends",
    "discount_ending": "a discount ends",
    "payment_method_expiring": "the card that pays expires",
}
WHEN = {
    "subscription_started": "a subscription starts",
    "subscription_renewed": "a subscription renews",
    "renewal_rescheduled": "a renewal moves to another date",
    "trial_converted": "a trial becomes a paying subscription",
    "trial_lost": "a trial ends without a payment",
    "never_started": "a subscription ends before its first payment",
    "plan_changed": "a subscription changes its prices",
    "subscription_paused": "a subscription is paused",
    "subscription_resumed": "a paused subscription goes on",
    "cancellation_scheduled": "somebody schedules a cancellation",
    "cancellation_revoked": "somebody withdraws a scheduled cancellation",
    "subscription_canceled": "a subscription that was paid for ends",
    "payment_failed": "a payment fails",
    "payment_recovered": "a failed payment succeeds after all",
    "mrr_expanded": "MRR grows",
    "mrr_contracted": "MRR shrinks",
    "stage_entered": "a customer comes into the stage {stage}",
    "stage_left": "a customer leaves the stage {stage}",
    "inactive_since": "nothing happens for {after} to a customer in the stage {stage}",
    "customer_lost": "a customer's last subscription ends",
}
FIELDS = {
    "mrr": "its MRR in minor units",
    "renewal_period": "its period in days",
    "trial_days_left": "the days left of its trial",
}
FLAGS = {
    "cancel_scheduled": ("a cancellation is scheduled", "no cancellation is scheduled"),
    "ever_paying": ("it was ever paid for", "it was never paid for"),
}
"""What holds, and what if not."""
OPERATORS = {
    "equals": "is",
    "contains": "contains",
    "greater": "is more than",
    "less": "is less than",
    "at_least": "is at least",
    "at_most": "is at most",
}
REASONS = {
    "past_at_first_sight": "it was past when the subscription was first seen",
    "before_rule": "it was due before this rule began",
    "too_late": "the date that it is about was over",
    "late": "it came more than an hour late",
    "not_useful_any_more": "it came later than the rule finds useful",
    "moved": "its date moved",
    "not_renewing": "the subscription will not renew",
    "over": "the trial or the subscription is over",
    "withdrawn": "the cancellation was withdrawn",
}
"""Why moments are held back or taken back, by the words of updates."""
UNITS = {"d": "day", "h": "hour"}


def sentence(automation: Automation) -> str:
    """Say when it fires, `30 days before a subscription renews, if its period in days is …`."""
    begin = _begin(automation)
    conditions = list(_conditions(automation.when)) if automation.when else []
    condition = f", if {' and '.join(conditions)}" if conditions else ""
    text = f"{begin}{condition}{_limits(automation)}."
    return text[0].upper() + text[1:]


def reason_words(reason: str) -> str:
    """Why a moment was held back or taken back; a word that is none as it is."""
    return REASONS.get(reason, reason)


def span_words(span: str) -> str:
    """`30d` as `30 days`."""
    count, unit = span[:-1], UNITS[span[-1]]
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _begin(automation: Automation) -> str:
    if automation.on in AHEAD_OF:
        spans = _or([span_words(span) for span in automation.before])
        at = f", at {automation.at}" if automation.at else ""
        return f"{spans} before {AHEAD_OF[automation.on]}{at}"
    after = span_words(automation.after) if automation.after else ""
    words = "When " + WHEN[automation.on].format(stage=automation.stage, after=after)
    if automation.by_at_least is not None:
        words += f" by at least {automation.by_at_least} minor units"
    if automation.per:
        words += f", counted for the {automation.per}"
    if automation.grace:
        words += f" and none follows within {span_words(automation.grace)}"
    return words


def _limits(automation: Automation) -> str:
    words = ""
    if automation.late == "skip":
        words += "; not when that comes more than an hour late"
    if automation.useful_until:
        words += f"; not when it comes more than {span_words(automation.useful_until)} late"
    if automation.even_if_short:
        words += "; even where that is half the period or more"
    return words


def _conditions(when: Conditions) -> Iterator[str]:
    for field, condition in when.named:
        if isinstance(condition, FlagCondition) and condition.any_of in {(True,), (False,)}:
            yield FLAGS[field][condition.any_of == (False,)]
        else:
            yield _condition(FIELDS.get(field, f"its {field.replace('_', ' ')}"), condition)
    for key, condition in (when.metadata or {}).items():
        yield _condition(f"its metadata {key}", condition)


def _condition(field: str, condition: Condition) -> str:
    given = {
        word: value
        for word in type(condition).model_fields
        if (value := getattr(condition, word)) is not None
    }
    return f"{field} {' and '.join(_operator(word, value) for word, value in given.items())}"


def _operator(word: str, value: Any) -> str:
    if word == "any_of":
        return f"is {_or([_shown(each) for each in value])}"
    if word == "not_":
        return f"is not {_or([_shown(each) for each in value])}"
    if word == "exists":
        return "is set" if value else "is not set"
    return f"{OPERATORS[word]} {_shown(value)}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
