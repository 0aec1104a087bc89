"""Whether a row says something else than an object of Stripe's. Pure.

The object is folded into the row, as a repair would be: what readers would then see otherwise is
the drift. So nothing drifts that the fold would not mend, and what newer events say wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from schemas.differing import differing
from schemas.records import LogRecord
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.pipeline import row_for_readers, step
from streams.reading import tick_record

OF_TIME = ("as_of", "lifetime.first_seen_at")
"""Fields that say when something was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One object that a row does not have as Stripe has it: whose, which, and in what fields.

    `is_missing`: there is no row of its customer at all. `is_foldable`: a repair would mend it.
    """

    subject: str
    object: str
    fields: tuple[str, ...]
    is_missing: bool = False
    is_foldable: bool = True


def drift_of(
    row: Row | None, record: LogRecord, thing_id: str, at: int, settings: SettingsInForce
) -> Drift | None:
    """Compare what readers see with what they would see after a repair; None where it is the same.

    Args:
        row: As last committed.
        record: The object as a record of the log.
        thing_id: Its id.
        at: When it was fetched; until then time passes for the row, too.
        settings: In force for it.
    """
    if row is None:
        return Drift(subject=record.key, object=thing_id, fields=(), is_missing=True)
    if row.facts.at < at and not row.clock:
        row = step(row, tick_record(record.key, at, None), settings).row or row
    done = step(row, record, settings)
    if done.error:
        words = f"not folded: {done.error}"
        return Drift(subject=record.key, object=thing_id, fields=(words,), is_foldable=False)
    after = done.row or row
    before, now = (orjson.loads(row_for_readers(each, settings)) for each in (row, after))
    fields = tuple(path for path, _, _ in differing(before, now) if path not in OF_TIME)
    return Drift(subject=record.key, object=thing_id, fields=fields) if fields else None
