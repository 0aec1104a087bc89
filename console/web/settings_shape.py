"""What forms of the settings may send: words at known places, empty where nothing was sent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class _Contact(BaseModel):
    kind: str = ""
    match: str = ""
    match_key: str = ""
    look_in: list[str] = []
    create_missing: str = ""


class _Business(BaseModel):
    mrr: str = ""
    mrr_key: str = ""
    renewal_date: str = ""
    renewal_date_key: str = ""
    renewal_of: str = ""
    primary: str = ""
    time_zone: str = ""


class _Mrr(BaseModel):
    preset: str = ""
    discounts: str = ""
    cancel_counts: str = ""
    count_past_due: str = ""
    pause_collection: str = ""
    weeks_per_month: str = ""
    days_per_month: str = ""


class _Line(BaseModel):
    field: str = ""
    key: str = ""
    operator: str = ""
    value: str = ""


class _Rule(BaseModel):
    name: str = ""
    when: list[_Line] = []


class _Stages(BaseModel):
    precedence: list[str] = []
    between: str = ""
    rules: list[_Rule] = []


class _Automation(BaseModel):
    name: str = ""
    on: str = ""
    before: str = ""
    at: str = ""
    even_if_short: str = ""
    stage: str = ""
    after: str = ""
    grace: str = ""
    by_at_least: str = ""
    per: str = ""
    late: str = ""
    useful_until: str = ""
    when: list[_Line] = []


class _Settings(BaseModel):
    contact: _Contact
    business: _Business
    mrr: _Mrr
    stages: _Stages
    automations: list[_Automation]


def shaped(typed: Any) -> dict[str, Any]:
    """The same with every field.

    Raises:
        ValidationError: No form of ours sends this.
    """
    return _Settings.model_validate(typed).model_dump()
