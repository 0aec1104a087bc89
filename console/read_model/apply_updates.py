"""Updates: all that was told, and of what kind: stages, movements of MRR, moments of automations.

Updates are facts that never change: one that is there already is the same one, read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from console.read_model.records import (
    Record,
    UnreadableError,
    clean,
    json_object,
    seconds,
    seconds_or_none,
    text_or_none,
    words_of,
)
from console.read_model.rollups import roll_up
from console.read_model.update_tables import moments, mrr_movements, stage_changes, updates
from console.read_model.writes import Values, chunks, insert_new
from schemas.records import Subject

Data = Mapping[str, Any]


class NewUpdates:
    """Updates among some records, by id, and what each is in the table of its kind."""

    def __init__(self) -> None:
        self._updates: dict[str, Values] = {}
        self._data: dict[str, Data] = {}

    def take(self, record: Record) -> None:
        """Read a record.

        Raises:
            UnreadableError: It is no update.
        """
        words, data = words_of(record), json_object(record.value)
        try:
            update = _update(words, data, clean((record.value or b"").decode()))
            for detail in _DETAILS.get(update["type"], ()):
                detail(update, data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableError("no update") from error
        # What was told twice has the same id and counts once, as it was told first.
        self._updates.setdefault(update["id"], update)
        self._data.setdefault(update["id"], data)

    def write(self, connection: Connection) -> None:
        """Add those that are not there yet."""
        for id_ in self._known(connection):
            del self._updates[id_]
        insert_new(connection, updates, list(self._updates.values()))
        changes, movements = self._of(_stage_change), self._of(_movements)
        roll_up(connection, movements=movements, changes=changes)
        insert_new(connection, stage_changes, changes)
        insert_new(connection, mrr_movements, movements)
        insert_new(connection, moments, self._of(_moment))

    def _known(self, connection: Connection) -> set[str]:
        return {
            id_
            for chunk in chunks(self._updates, 5_000)
            for id_ in connection.scalars(select(updates.c.id).where(updates.c.id.in_(chunk)))
        }

    def _of(self, detail: Callable[[Values, Data], list[Values]]) -> list[Values]:
        return [
            row
            for id_, update in self._updates.items()
            if detail in _DETAILS.get(update["type"], ())
            for row in detail(update, self._data[id_])
        ]


def _update(words: Mapping[str, str], data: Data, body: str) -> Values:
    subject = words["ce_subject"]
    if Subject.parse(subject) is None:
        raise UnreadableError("an update of no customer")
    return {
        "id": words["ce_id"],
        "subject": subject,
        "livemode": bool(data["livemode"]),
        "type": words["ce_type"],
        "sequence": str(data["sequence"]),
        "index": int(data["index"]),
        "effective_at": seconds(data["effective_at"]),
        "recorded_at": seconds(data["recorded_at"]),
        "origin": str(data["origin"]),
        "cause": clean(str(data["cause"]["event_id"])),
        "body": body,
    }


def _common(update: Values) -> Values:
    return {name: update[name] for name in ("id", "subject", "livemode")}


def _stage_change(update: Values, data: Data) -> list[Values]:
    return [
        _common(update)
        | {
            "previous": data["previous"],
            "stage": data["stage"],
            "sequence": update["sequence"],
            "index": update["index"],
            "effective_at": update["effective_at"],
        }
    ]


def _movements(update: Values, data: Data) -> list[Values]:
    zero = {"amount_minor": 0, "exact": "0"}
    return [
        _common(update)
        | {
            "currency": currency,
            "movement": str(data["movement"]),
            "delta_minor": int(delta["amount_minor"]),
            "delta_exact": str(delta["exact"]),
            "before_exact": str(data["before"].get(currency, zero)["exact"]),
            "after_minor": int(data["after"].get(currency, zero)["amount_minor"]),
            "after_exact": str(data["after"].get(currency, zero)["exact"]),
            "origin": update["origin"],
            "subscription": data["subscription"],
            "effective_at": update["effective_at"],
        }
        for currency, delta in data["delta"].items()
        if delta["exact"] != "0"
    ]


def _moment(update: Values, data: Data) -> list[Values]:
    return [
        _common(update)
        | {
            "what": update["type"].removeprefix("automation."),
            "automation": str(data["automation"]),
            "on": data.get("on"),
            "key": text_or_none(data["key"]),
            "subscription": data["subscription"],
            "due_at": seconds_or_none(data.get("due_at")),
            "reason": data.get("reason"),
            "trigger": data.get("trigger"),
            "recorded_at": update["recorded_at"],
        }
    ]


_DETAILS: Mapping[str, tuple[Callable[[Values, Data], list[Values]], ...]] = {
    "customer.stage_changed": (_stage_change,),
    "customer.mrr_changed": (_movements,),
    "automation.triggered": (_moment,),
    "automation.skipped": (_moment,),
    "automation.superseded": (_moment,),
}
