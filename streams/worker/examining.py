"""When rows of older settings are due by newer ones; pure, and done beside the loop."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.codec import NewerRowError, decode_row
from schemas.settings import SettingsInForce
from streams.pipeline import due_at_of
from streams.worker.timers import Due


def examined(stored: Mapping[bytes, bytes], settings: SettingsInForce) -> dict[bytes, Due]:
    """Ask each row anew. One that cannot be asked is left out: its next record says why.

    Raises:
        NewerRowError: A newer release wrote it.
    """
    asked = {key: _due(data, settings) for key, data in stored.items()}
    return {key: due for key, due in asked.items() if due}


def _due(data: bytes, settings: SettingsInForce) -> Due | None:
    try:
        row = decode_row(data)
        at = due_at_of(row, settings)
    except NewerRowError:
        raise
    except Exception:  # a bug about one row: all others are still to be ticked
        return None
    return Due.of(row)._replace(at=at, settings_version=settings.version)
