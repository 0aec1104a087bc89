"""A read model with a simulated year in it, which went through the real fold.

Beside the simulated customers there are NASTY, whose strings are what people and attackers write
into forms, and TRIAL_RUN in test mode; both subscribe at the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Engine

from console.read_model.ahead import CHANGELOG
from console.read_model.apply import apply
from console.read_model.records import Record, seconds
from console.read_model.tables import VERSION, about, metadata
from schemas.codec import encode_row
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.records import Kind
from schemas.settings import BusinessSettings, SettingsInForce, SettingsRecord, Stages
from schemas.updates import Envelope
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import OPEN_SOURCE, Folding
from streams.ingest.keys import read_envelope
from streams.log.records import log_headers
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, SOURCES, TEST, topic_of
from streams.pipeline import row_for_readers
from streams.worker.dead_letters import dead_letter
from streams.worker.letters import Action, Deed, Place
from tests import build

SOURCE = "main"
SIMULATED = 120
DAY_S = 86_400
BEGIN = 1_767_225_600
"""2026-01-01T00:00:00Z, when the year begins."""
UNTIL = BEGIN + 365 * DAY_S
"""`now` of pages under test."""
CLUSTER = "a-cluster"
BATCH = 1_000

NASTY = "main/-/live/cus_nasty"
NASTY_WORDS = "<script>alert(1)</script>\"'`=cmd|'/C calc'!A0 \u202e{{ 7*7 }} \U0001f9e8 Ω"
TRIAL_RUN = "main/-/test/cus_trial_run"
BAD = "main/-/live/cus_bad"
"""Of whom there are dead letters alone."""


@dataclass
class Topics:
    """Records of all topics, as a worker of one partition would have written them."""

    records: list[Record] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    def put(
        self,
        topic: str,
        key: str | None,
        value: bytes,
        *,
        at_s: int,
        headers: Sequence[tuple[str, bytes | None]] = (),
        offset: int | None = None,
    ) -> Record:
        at = self.ends.get(topic, 0) if offset is None else offset
        self.ends[topic] = at + 1
        name = None if key is None else key.encode()
        record = Record(topic, 0, at, at_s * 1000, name, value, headers)
        self.records.append(record)
        return record


def simulated_year(customers: int = SIMULATED) -> list[Record]:
    """Every record of a year, in the order in which a worker would have written them."""
    topics = Topics()
    _put_settings(topics)
    folding = Folding(settings=SettingsInForce(), source=SOURCE, is_timed=True, offset=2)
    for event in sorted(_events(customers), key=lambda each: each["created"]):
        _fold(topics, folding, event)
    for update in folding.pass_time(UNTIL):
        _put_update(topics, update)
    for key in folding.rows:
        _put_row(topics, folding, key)
    _put_letters(topics)
    _put_states(topics)
    return topics.records


def fill(engine: Engine, records: Iterable[Record]) -> None:
    """Make the tables, and apply the records in some batches."""
    metadata.create_all(engine)
    kept = list(records)
    revision = 0
    for begin in range(0, len(kept), BATCH):
        revision += 1
        with engine.begin() as connection:
            apply(connection, kept[begin : begin + BATCH], revision)
    with engine.begin() as connection:
        words = {"version": str(VERSION), "cluster": CLUSTER, "revision": str(revision)}
        rows = [{"name": name, "value": value} for name, value in words.items()]
        connection.execute(about.insert(), rows)


def _events(customers: int) -> Iterator[dict[str, Any]]:
    yield from simulate(customers=customers, start=BEGIN)
    yield from _subscribing(NASTY, NASTY_WORDS)
    yield from _subscribing(TRIAL_RUN, "A trial run")


def _subscribing(subject: str, words: str) -> Iterator[dict[str, Any]]:
    """A customer who subscribes, to a plan of that name, on the second day."""
    _, _, mode, customer = subject.split("/")
    email = f"{words}@example.com"
    person = build.customer(
        customer, name=words, email=email, metadata={"account_id": words, words[:40]: words}
    )
    item = build.item(price=build.price(4_900, nickname=words))
    subscription = build.subscription(
        f"sub_{customer}", items=[item], customer=customer, metadata={"note": words}
    )
    invoice = build.invoice(f"in_{customer}", "paid", customer=customer, number=words)
    named = (("customer", person), ("customer.subscription", subscription), ("invoice", invoice))
    for number, (kind, thing) in enumerate(named):
        yield {
            "id": f"evt_{customer}_{number}",
            "object": "event",
            "type": "invoice.paid" if kind == "invoice" else f"{kind}.created",
            "created": BEGIN + DAY_S + number,
            "livemode": mode == "live",
            "api_version": "2026-10-28.endive",
            "data": {"object": {**thing, "created": BEGIN + DAY_S}},
        }


def _fold(topics: Topics, folding: Folding, event: Mapping[str, Any]) -> None:
    body, at = orjson.dumps(event), event["created"]
    rows_before = dict(folding.rows)
    updates = list(folding.take(Found(place="a test", body=body)))
    # Ticks have offsets of their own; the event's is the last.
    put_log(topics, body, at_s=at, offset=folding.offset - 1)
    for update in updates:
        _put_update(topics, update)
    for key, row in folding.rows.items():
        if rows_before.get(key) is not row:
            _put_row(topics, folding, key)


def put_log(
    topics: Topics, body: bytes, *, at_s: int, offset: int | None = None, kind: Kind = Kind.WEBHOOK
) -> Record:
    """Append what the door would have appended."""
    door = read_envelope(body, SOURCE, OPEN_SOURCE)
    headers = log_headers(
        kind=kind,
        source=SOURCE,
        event_id=door.event_id,
        event_type=door.event_type,
        api_version=door.api_version,
        received_at_ms=at_s * 1000,
    )
    return topics.put(LOG, door.key, body, at_s=at_s, headers=headers, offset=offset)


def _put_update(topics: Topics, update: Envelope) -> None:
    mode = "" if update.livemode else TEST
    at_s = seconds(update.data.recorded_at)
    topic, headers = mode + topic_of(update.type), update.headers()
    topics.put(topic, update.subject, update.value(), at_s=at_s, headers=headers)


def _put_row(topics: Topics, folding: Folding, key: str) -> None:
    row = folding.rows[key]
    mode = "" if "/live/" in key else TEST
    topics.put(mode + CUSTOMERS, key, row_for_readers(row, folding.settings), at_s=row.facts.at)
    topics.put(CHANGELOG, key, encode_row(row), at_s=row.facts.at)


def _put_settings(topics: Topics) -> None:
    """Two versions, the second with another order of the stages."""
    first = BusinessSettings()
    stages = Stages(precedence=("Trial", "Customer", "Churn"))
    second = first.model_copy(update={"stages": stages})
    for version, content in ((1, first), (2, second)):
        value = SettingsRecord(
            version=version,
            hash=content.content_hash(),
            applied_by="ana@example.com",
            reason=f"version {version}",
            announce="silent",
            content=content,
        )
        headers = log_headers(
            kind=Kind.SETTINGS,
            source="-",
            event_id=f"settings:{version}",
            event_type="settings",
            api_version="",
            received_at_ms=BEGIN * 1000,
        )
        value_ = value.model_dump_json().encode()
        topics.put(LOG, "-/-/-/settings", value_, at_s=BEGIN, headers=headers)


def _put_letters(topics: Topics) -> None:
    """Three dead letters: one open, one given back, one put aside."""
    for number in range(3):
        body = orjson.dumps(
            {
                "id": f"evt_bad_{number}",
                "object": "event",
                "type": "customer.subscription.updated",
                "created": UNTIL - DAY_S,
                "livemode": True,
                "data": {"object": {"id": "sub_bad", "customer": "cus_bad", "status": 7}},
            }
        )
        record = put_log(topics, body, at_s=UNTIL - DAY_S)
        error = BadRecordError(DeadLetterReason.BAD_OBJECT, "status: not a text")
        letter = dead_letter(record, error)
        topics.put(
            DEAD_LETTERS,
            BAD,
            letter.value or b"",
            at_s=UNTIL - DAY_S,
            headers=letter.headers,
        )
        action = {1: Action.REDRIVEN, 2: Action.DISCARDED}.get(number)
        if action:
            place = Place(record.partition, record.offset)
            deed = Deed(action=action, letter=place, by="ana@example.com", why="a test")
            topics.put(
                DEAD_LETTERS, None, deed.value(), at_s=UNTIL - DAY_S + 60, headers=deed.headers()
            )


def _put_states(topics: Topics) -> None:
    """What the source keeps of its tasks, as it would stand there."""
    state = {"began_at": BEGIN, "finished_at": BEGIN + 60, "objects": 100}
    topics.put(SOURCES, "main/-/live/backfill", orjson.dumps(state), at_s=BEGIN)
