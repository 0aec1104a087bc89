"""The latest version of each Stripe object, by the fold's order rule.

Beside the body stands what the rule needs of the object's last second: nearly always one sighting,
without its body.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, select

from console.read_model.log_tables import objects
from console.read_model.stripe_object import StripeObject
from console.read_model.writes import Values, chunks, upsert
from schemas.codec import canonical
from schemas.rows import Sightings, Version
from streams.fold.order import join

Place = tuple[str, str]
"""Scope and id."""


class SeenObjects:
    """Sightings among some records, joined to what is there when they are written."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, list[Version[Any]]]] = defaultdict(dict)
        """By scope and id."""

    def take(self, scope: str, version: Version[Any]) -> None:
        """Note a sighting."""
        self.seen[scope].setdefault(version.snapshot.id, []).append(version)

    def write(self, connection: Connection) -> None:
        """Join them to what is there."""
        for scope, seen in self.seen.items():
            for ids in chunks(seen):
                known = _known(connection, scope, ids)
                joined = ((id_, _joined(known.get(id_, ()), seen[id_])) for id_ in ids)
                rows = [_row(scope, now) for id_, now in joined if now != known.get(id_)]
                upsert(connection, objects, rows)


def _joined(bucket: Sightings[Any], versions: Iterable[Version[Any]]) -> Sightings[Any]:
    for version in versions:
        bucket = join(bucket, version)
    return bucket


def _known(connection: Connection, scope: str, ids: list[str]) -> dict[str, Sightings[Any]]:
    wanted = select(objects.c.id, objects.c.body, objects.c.sightings).where(
        objects.c.scope == scope, objects.c.id.in_(ids)
    )
    return {
        id_: _read_sightings(id_, body, sightings)
        for id_, body, sightings in connection.execute(wanted)
    }


def _row(scope: str, sightings: Sightings[Any]) -> Values:
    last = sightings[-1]
    return {
        "scope": scope,
        "livemode": scope.endswith("/live"),
        "at": last.at,
        "sightings": _written(sightings),
        "body": canonical(last.snapshot.body).decode(),
        **last.snapshot.columns(),
    }


def _written(sightings: Sightings[Any]) -> bytes:
    *others, last = sightings
    kept = [[*_facts(each), each.snapshot.body] for each in others]
    return zlib.compress(canonical([*kept, _facts(last)]), 1)


def _facts(version: Version[Any]) -> list[Any]:
    return [
        version.at,
        version.event_id,
        version.event_type,
        version.api_version,
        version.prior,
        version.snapshot.kind,
    ]


def _read_sightings(id_: str, body: str, data: bytes) -> Sightings[Any]:
    *others, last = orjson.loads(zlib.decompress(data))
    return tuple(_version(id_, *each) for each in (*others, [*last, orjson.loads(body)]))


def _version(  # noqa: PLR0917 - in the order in which they are written
    id_: str,
    at: int,
    event_id: str,
    event_type: str,
    api_version: str,
    prior: dict[str, str],
    kind: str,
    body: dict[str, Any],
) -> Version[Any]:
    return Version(
        at=at,
        event_id=event_id,
        event_type=event_type,
        api_version=api_version,
        prior=prior,
        snapshot=StripeObject(id=id_, kind=kind, event_type=event_type, body=body),
    )
