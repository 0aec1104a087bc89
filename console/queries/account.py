"""One account: its row, and how its stage and MRR came to be what they are over time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from console.queries.accounts import AccountLine, account_line
from console.read_model.log_tables import settings_records
from console.read_model.tables import account_rows
from console.read_model.update_tables import mrr_movements, stage_changes
from schemas.customer_row import CustomerRow
from schemas.settings import BusinessSettings, SettingsInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePoint:
    """From when on the account was in a stage; None: in none."""

    at: int
    stage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MrrPoint:
    """From when on the account had this MRR in a currency, minor units."""

    at: int
    currency: str
    mrr_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: `line` as lists show it, `row` all that is known.

    `stages` and `mrr` are what was told over time, oldest first.
    """

    line: AccountLine
    row: CustomerRow
    stages: tuple[StagePoint, ...]
    mrr: tuple[MrrPoint, ...]


def account(connection: Connection, subject: str) -> Account | None:
    """Find an account; None where there is none of that subject."""
    line, row = account_line(connection, subject), customer_row(connection, subject)
    if line is None or row is None:
        return None
    return Account(
        line=line,
        row=row,
        stages=_stages(connection, subject),
        mrr=_mrr(connection, subject),
    )


def customer_row(connection: Connection, subject: str) -> CustomerRow | None:
    """The row as the worker last wrote it for readers."""
    statement = select(account_rows.c.row).where(account_rows.c.subject == subject)
    text = connection.execute(statement).scalar_one_or_none()
    return None if text is None else CustomerRow.model_validate_json(text)


def settings_of(connection: Connection, version: int) -> BusinessSettings:
    """The settings of that version; those that are built in, before any were applied."""
    statement = select(settings_records.c.content).where(settings_records.c.version == version)
    content = connection.execute(statement).scalar_one_or_none()
    return BusinessSettings() if content is None else BusinessSettings.model_validate_json(content)


def settings_by(connection: Connection, at: int) -> SettingsInForce:
    """The settings in force at a time of the log, Unix seconds."""
    columns = (
        settings_records.c.version,
        settings_records.c.applied_at,
        settings_records.c.content,
    )
    applied = connection.execute(
        select(*columns)
        .where(settings_records.c.applied_at <= at)
        .order_by(settings_records.c.version)
    )
    settings = SettingsInForce()
    for version, applied_at, content in applied:
        business = BusinessSettings.model_validate_json(content)
        settings = settings.followed_by(version, business, at=applied_at)
    return settings


def _stages(connection: Connection, subject: str) -> tuple[StagePoint, ...]:
    statement = (
        select(stage_changes.c.effective_at, stage_changes.c.stage)
        .where(stage_changes.c.subject == subject)
        .order_by(stage_changes.c.effective_at, stage_changes.c.id)
    )
    return tuple(StagePoint(at=at, stage=stage) for at, stage in connection.execute(statement))


def _mrr(connection: Connection, subject: str) -> tuple[MrrPoint, ...]:
    columns = (
        mrr_movements.c.effective_at,
        mrr_movements.c.currency,
        mrr_movements.c.after_minor,
    )
    statement = (
        select(*columns)
        .where(mrr_movements.c.subject == subject)
        .order_by(mrr_movements.c.effective_at, mrr_movements.c.id)
    )
    return tuple(
        MrrPoint(at=at, currency=currency, mrr_minor=after)
        for at, currency, after in connection.execute(statement)
    )
