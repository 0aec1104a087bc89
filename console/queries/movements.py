"""Movements of MRR one by one: whose they were, newest first."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import Connection, and_, or_, select

from console.queries.periods import DAY_S, Period, read_cursor
from console.queries.revenue_page import Asked, currency_of, period_of
from console.read_model.tables import accounts
from console.read_model.update_tables import mrr_movements


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementLine:
    """One movement of an account's MRR in a currency; times are Unix seconds."""

    id: str
    subject: str
    customer: str
    name: str | None
    movement: str
    delta_minor: int
    after_minor: int
    subscription: str | None
    origin: str
    effective_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementsPage:
    """Some movements, newest first; `cursor` leads to those before them, if any."""

    currency: str | None
    period: Period
    movements: tuple[MovementLine, ...]
    cursor: str | None


def movements_page(
    connection: Connection,
    asked: Asked,
    *,
    livemode: bool,
    now: float,
    movement: str = "",
    cursor: str = "",
    limit: int = 50,
) -> MovementsPage:
    """The movements of a period and, if one is named, of a kind; or those before a cursor.

    Raises:
        BadPeriodError: There is no such period.
        ValueError: The cursor is none.
    """
    _, currency = currency_of(connection, asked, livemode=livemode)
    chosen = period_of(connection, asked, currency=currency, livemode=livemode, now=now)
    table = mrr_movements.c
    wanted = select(mrr_movements, accounts.c.name).join_from(
        mrr_movements, accounts, accounts.c.subject == table.subject, isouter=True
    )
    wanted = wanted.where(
        table.livemode == livemode,
        table.currency == currency,
        table.effective_at >= chosen.first_day * DAY_S,
        table.effective_at < (chosen.last_day + 1) * DAY_S,
    )
    if movement:
        wanted = wanted.where(table.movement == movement)
    if cursor:
        at, id_ = read_cursor(cursor)
        same = and_(table.effective_at == at, table.id < id_)
        wanted = wanted.where(or_(table.effective_at < at, same))
    wanted = wanted.order_by(table.effective_at.desc(), table.id.desc()).limit(limit + 1)
    found = connection.execute(wanted).mappings().all()
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    names = [field.name for field in fields(MovementLine) if field.name != "customer"]
    return MovementsPage(
        currency=currency,
        period=chosen,
        movements=tuple(
            MovementLine(
                customer=each["subject"].rsplit("/", 1)[-1], **{name: each[name] for name in names}
            )
            for each in shown
        ),
        cursor=f"{last['effective_at']}-{last['id']}" if last else None,
    )
