"""Which sighting of an object is its last: total, and blind to arrival.

Stripe's `created` has whole seconds, ids are not ordered and delivery has no order. Of each object
we keep the sightings of its last second and choose among them by content alone.
Source: docs/contract.md; Stripe's documentation "Event ordering"; rule in docs/order.md.
"""

from __future__ import annotations

from schemas.codec import canonical
from schemas.rows import Sightings, T, Version

FETCHED = "fetched"
"""Stands for the event type where the object was fetched: it shows its second's end or later."""
BUCKET_MAX = 32
"""Sightings kept of one second; Stripe's limits make more than a handful impossible in practice."""
_USUAL_RANK = 2
_RANKS = {
    "created": 0,
    "attached": 0,
    "trial_will_end": 1,
    "pending_update_expired": 1,
    "expiring": 1,
    "paused": 3,
    "resumed": 3,
    FETCHED: 4,
    "deleted": 5,
}


def join(bucket: Sightings[T], version: Version[T]) -> Sightings[T]:
    """Add a sighting: keep those of the last second, final ones before all others; last is last.

    Commutative, associative and idempotent: a join of a semilattice, hence blind to order.
    """
    if not bucket or _rank(version) > _rank(bucket[0]):
        return (version,)
    if _rank(version) < _rank(bucket[0]):
        return bucket
    kept: Sightings[T] = _of_one_second(bucket, version)
    last: Version[T] = _latest(kept)
    return (*(other for other in kept if other is not last), last)


def _of_one_second(bucket: Sightings[T], version: Version[T]) -> Sightings[T]:
    # The same event may come in two shapes, from endpoints of two API versions: the newer one wins.
    by_event = {(other.event_id, other.event_type): other for other in bucket}
    key = (version.event_id, version.event_type)
    by_event[key] = max(by_event.get(key, version), version, key=_shape_order)
    return tuple(sorted(by_event.values(), key=_tie_order)[-BUCKET_MAX:])


def _latest(bucket: Sightings[T]) -> Version[T]:
    """Choose the last of a second: not `created`, then the end of the chain of old values."""
    later = tuple(v for v in bucket if not v.event_type.endswith(".created")) or bucket
    ends = tuple(
        v for v in later if not any(_precedes(v, other) for other in later if other is not v)
    )
    return max(ends or later, key=_tie_order)


def field_text(snapshot: object, name: str) -> str:
    """Canonical text of one field, by which old values are compared."""
    return canonical(getattr(snapshot, name)).decode()


def _precedes(one: Version[T], other: Version[T]) -> bool:
    """Whether `other` says that it changed exactly what `one` shows, and not the reverse."""
    return _is_base_of(one, other) and not _is_base_of(other, one)


def _is_base_of(one: Version[T], other: Version[T]) -> bool:
    return bool(other.prior) and all(
        field_text(one.snapshot, name) == old for name, old in other.prior.items()
    )


def _rank(version: Version[T]) -> tuple[int, int]:
    return (version.snapshot.is_final, version.at)


def _shape_order(version: Version[T]) -> tuple[str, bytes]:
    return (version.api_version, canonical(version))


def _tie_order(version: Version[T]) -> tuple[int, int, str, str, bytes]:
    type_rank = _RANKS.get(version.event_type.rpartition(".")[2], _USUAL_RANK)
    # An invoice's attempts only grow: Stripe finalizes one and tries to collect it in one second.
    progress = getattr(version.snapshot, "attempt_count", 0)
    return (type_rank, progress, version.event_id, version.event_type, canonical(version))
