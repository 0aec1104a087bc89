"""The settings in force: as the worker folds with them, else as last applied, else built in."""

from __future__ import annotations

from sqlalchemy import Connection, select

from console.read_model.ahead_tables import worker_settings
from console.read_model.log_tables import settings_records
from schemas.settings import BusinessSettings, SettingsInForce
from streams.worker.marker import decode_settings


def settings_in_force(connection: Connection) -> SettingsInForce:
    """The newest of all partitions; they differ only while a change is on its way."""
    bodies = connection.scalars(select(worker_settings.c.body))
    of_worker = [decode_settings(body.encode()) for body in bodies]
    if of_worker:
        return max(of_worker, key=lambda each: each.version)
    table = settings_records.c
    latest = select(table.version, table.content, table.applied_at).order_by(table.version.desc())
    found = connection.execute(latest.limit(1)).first()
    if found is None:
        return SettingsInForce()
    content = BusinessSettings.model_validate_json(found.content)
    return SettingsInForce().followed_by(found.version, content, at=found.applied_at)
