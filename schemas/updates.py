"""Updates: what the world is told when a row changes; CloudEvents 1.0 with our JSON as data.

Source: docs/contract.md, "Updates". Schemas evolve by addition only; `subfold schemas export`
writes them to docs/schemas/, where they are checked in.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.codec import canonical
from schemas.money import Amount

Movement = Literal[
    "new", "expansion", "contraction", "churn", "reactivation", "currency_change", "opening"
]
SCHEMA_ADDRESS = "urn:subfold:schema:{name}:v1"
Money = dict[str, Amount]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Cause(_Data):
    """The record that made the change."""

    kind: str
    event_id: str
    event_type: str


class ContactRef(_Data):
    """Your own id for whom the Stripe customer stands for."""

    kind: Literal["account", "user"]
    id: str
    create: bool


class Update(_Data):
    """What every update says.

    `sequence` is the log position of the cause, rising per subject; `index` counts within the
    cause. `contact` is null when your own id is not found, and `contact_reason` says why.
    """

    TYPE: ClassVar[str]

    sequence: str
    index: int
    cause: Cause
    effective_at: str
    recorded_at: str
    settings_version: int
    fold_version: int
    origin: Literal["live", "catch_up", "back_fill", "repair", "settings", "correction"]
    livemode: bool
    contact: ContactRef | None
    contact_reason: str | None
    customer: str


class StageChanged(Update):
    """The customer's lifecycle stage is another one now; rule and subscription say why."""

    TYPE: ClassVar[str] = "customer.stage_changed"

    previous: str | None
    stage: str | None
    since: str | None
    rule: str | None
    subscription: str | None
    status: str | None


class MrrChanged(Update):
    """The customer's monthly recurring revenue is another one now.

    `opening` is no growth: it was there before the source was connected, and is dated at its start.
    """

    TYPE: ClassVar[str] = "customer.mrr_changed"

    movement: Movement
    before: Money
    after: Money
    delta: Money
    pending: None = None
    subscription: str | None
    items: tuple[str, ...]
    preset: str


class OtherRenewal(_Data):
    """Another subscription's renewal."""

    subscription: str
    renews_at: str


class RenewalChanged(Update):
    """The customer's next renewal is at another time, or there is none any more."""

    TYPE: ClassVar[str] = "customer.renewal_changed"

    previous: str | None
    renews_at: str | None
    subscription: str | None
    others: tuple[OtherRenewal, ...]
    access_until: str | None
    not_collected: bool
    retry_at: str | None
    reason: Literal["started", "renewed", "rescheduled", "not_renewing", "ended", "collection"]


class PresentRenewal(_Data):
    """The next renewal as it stands."""

    renews_at: str | None
    subscription: str | None
    access_until: str | None


class ContactChanged(Update):
    """The customer stands for another contact now, or for the first; with its full present state.

    Who skips updates without a contact loses nothing: what they told is here once more. `pending`
    are subscriptions whose MRR is not known yet, and why.
    """

    TYPE: ClassVar[str] = "customer.contact_changed"

    previous: ContactRef | None
    stage: str | None
    mrr: Money
    committed_mrr: Money
    pending: dict[str, str]
    renewal: PresentRenewal


class Occasioned(Update):
    """What all updates about a moment share; `key` names the moment for ever, and makes the id."""

    automation: str
    rule_version: int
    key: str
    on: str
    scope: Literal["subscription", "customer"]
    subscription: str | None
    due_at: str
    late_by_s: int


class AutomationTriggered(Occasioned):
    """A moment that calls for action; fires once for each automation and occasion.

    `causes` are the events that made the moment: the record that brought it, and what showed the
    subscription as it is.
    """

    TYPE: ClassVar[str] = "automation.triggered"

    causes: tuple[str, ...]
    renews_at: str | None
    expected: Money
    mrr: Money
    customer_mrr_after: Money
    other_live_subscriptions: int
    stage: str | None
    details: dict[str, str | None]


class AutomationSkipped(Occasioned):
    """A moment that came and was held back, and why: nobody shall act on it."""

    TYPE: ClassVar[str] = "automation.skipped"

    reason: Literal["past_at_first_sight", "before_rule", "too_late", "late", "not_useful_any_more"]


class AutomationSuperseded(Update):
    """A trigger holds no more before its date has come: who has not acted on it shall not."""

    TYPE: ClassVar[str] = "automation.superseded"

    automation: str
    key: str
    trigger: str
    subscription: str | None
    reason: Literal["moved", "not_renewing", "over", "withdrawn"]
    renews_at: str | None


UPDATES: tuple[type[Update], ...] = (
    ContactChanged,
    StageChanged,
    MrrChanged,
    RenewalChanged,
    AutomationTriggered,
    AutomationSkipped,
    AutomationSuperseded,
)


def moment_id(subject: str, type_: str, key: str) -> str:
    """The id of an update about a moment."""
    return _digest([subject, type_, key])


def _digest(cause: list[str | int]) -> str:
    return hashlib.sha256(canonical(cause)).hexdigest()[:32]


class Envelope(_Data):
    """One update with its CloudEvents attributes. Equal causes make equal ids, for ever."""

    id: str
    subject: str
    time: str
    data: Update

    @classmethod
    def of(cls, data: Update, *, subject: str, kind: str, identity: str) -> Envelope:
        """Make the id from the cause: subject, record kind, duplicate key, type and index.

        Moments have a key of their own, the same by whichever record they come.
        """
        if isinstance(data, Occasioned | AutomationSuperseded):
            id_ = moment_id(subject, data.TYPE, data.key)
        else:
            id_ = _digest([subject, kind, identity, data.TYPE, data.index])
        return cls(id=id_, subject=subject, time=data.recorded_at, data=data)

    def placed(self, index: int) -> Envelope:
        """The same at this place within its record."""
        if index == self.data.index:
            return self
        return self.model_copy(update={"data": self.data.model_copy(update={"index": index})})

    @property
    def type(self) -> str:
        """The CloudEvents type, `customer.stage_changed`."""
        return self.data.TYPE

    @property
    def livemode(self) -> bool:
        """Whether it was made from live data."""
        return self.data.livemode

    def attributes(self) -> dict[str, str]:
        """The CloudEvents attributes, without their prefix."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/subfold/{self.subject.split('/')[0]}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "dataschema": SCHEMA_ADDRESS.format(name=self.type),
        }

    def headers(self) -> list[tuple[str, bytes]]:
        """Headers of CloudEvents' Kafka binding, binary mode."""
        words = {f"ce_{name}": word for name, word in self.attributes().items()}
        words["content-type"] = "application/json"
        return [(name, word.encode()) for name, word in words.items()]

    def value(self) -> bytes:
        """The data as JSON."""
        return self.data.model_dump_json().encode()

    def structured(self) -> dict[str, Any]:
        """The whole as one JSON object, CloudEvents' structured mode."""
        return {
            **self.attributes(),
            "datacontenttype": "application/json",
            "data": self.data.model_dump(mode="json"),
        }
