"""Which settings are in force, and every version that ever was."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select

from console.read_model.log_tables import settings_records
from schemas.settings import BusinessSettings
from streams.business_toml import business_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the settings; 0 is what holds before any was applied.

    Attributes:
        applied_at: Unix seconds; None for version 0.
        announce: What became of customers that looked different by it.
    """

    version: int
    hash: str
    applied_by: str
    reason: str
    announce: str | None
    applied_at: int | None
    content: BusinessSettings

    @property
    def toml(self) -> str:
        """It as a settings file."""
        return business_toml(self.content)


def in_force(connection: Connection) -> Version:
    """The version applied last; the built-in one before."""
    newest = select(settings_records).order_by(settings_records.c.version.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return _version(row) if row else BUILT_IN


def version_of(connection: Connection, number: int) -> Version | None:
    """One version, if there is such a one."""
    if number == 0:
        return BUILT_IN
    asked = select(settings_records).where(settings_records.c.version == number)
    row = connection.execute(asked).mappings().first()
    return _version(row) if row else None


def versions(connection: Connection, *, below: int | None = None, limit: int = 50) -> list[Version]:
    """The newest first; `below` is the version of the last one shown."""
    asked = select(settings_records).order_by(settings_records.c.version.desc()).limit(limit)
    if below is not None:
        asked = asked.where(settings_records.c.version < below)
    return [_version(row) for row in connection.execute(asked).mappings()]


def difference(before: BusinessSettings, after: BusinessSettings) -> list[str]:
    """What differs, as lines of a settings file that begin with `+`, `-`, a space or `@@`."""
    old, new = business_toml(before).splitlines(), business_toml(after).splitlines()
    return list(difflib.unified_diff(old, new, lineterm=""))[2:]


def _version(row: RowMapping) -> Version:
    return Version(
        **{name: row[name] for name in ("version", "hash", "applied_by", "reason", "announce")},
        applied_at=row["applied_at"],
        content=BusinessSettings.model_validate_json(row["content"]),
    )


BUILT_IN = Version(
    version=0,
    hash=BusinessSettings().content_hash(),
    applied_by="subfold",
    reason="what holds before any settings are applied",
    announce=None,
    applied_at=None,
    content=BusinessSettings(),
)
