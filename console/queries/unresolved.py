"""Objects that name no customer, only another object by which none is found (yet)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

from console.queries.stripe_objects import STEPS
from console.read_model.log_tables import objects

LINKS = ("charge", "payment_intent", "invoice")


def unresolved(connection: Connection, *, livemode: bool) -> Mapping[str, int]:
    """How many there are of each kind, in order of kind.

    What names neither a customer nor a charge, payment intent or invoice (a price, a product) is
    nobody's by nature, and not counted.
    """
    statement = (
        select(objects.c.kind, func.count())
        .where(
            objects.c.livemode == livemode,
            objects.c.customer.is_(None),
            or_(*(objects.c[link].is_not(None) for link in LINKS)),
            ~_leads_to_a_customer(objects, STEPS),
        )
        .group_by(objects.c.kind)
        .order_by(objects.c.kind)
    )
    return dict(connection.execute(statement).all())


def _leads_to_a_customer(here: Table | NamedFromClause, steps: int) -> ColumnElement[bool]:
    """Whether one of its links does, over so many steps; each is looked up by its key."""
    there = objects.alias()
    is_named = there.c.customer.is_not(None)
    found = or_(is_named, _leads_to_a_customer(there, steps - 1)) if steps > 1 else is_named
    linked = there.c.id.in_([here.c[link] for link in LINKS])
    return exists().where(and_(there.c.scope == here.c.scope, linked, found))
