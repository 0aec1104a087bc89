"""Objects that name no customer, only another object by which none is found (yet)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, and_, func, or_, select, union_all

from console.read_model.tables import objects

LINKS = ("charge", "payment_intent", "invoice")


def unresolved(connection: Connection, *, livemode: bool) -> Mapping[str, int]:
    """How many there are of each kind, in order of kind.

    What names neither a customer nor a charge, payment intent or invoice (a price, a product) is
    nobody's by nature, and not counted.
    """
    nameless = (
        select(objects.c.scope, objects.c.id, objects.c.kind)
        .where(
            objects.c.livemode == livemode,
            objects.c.customer.is_(None),
            or_(*(objects.c[link].is_not(None) for link in LINKS)),
        )
        .cte("nameless")
    )
    # From each of them along its links: `at` is where one has come.
    walk = select(nameless.c.scope, nameless.c.id.label("origin"), nameless.c.id.label("at")).cte(
        "walk", recursive=True
    )
    here = objects.alias("here")
    steps = union_all(
        *(
            select(objects.c.scope, objects.c.id, objects.c[link].label("to")).where(
                objects.c.customer.is_(None), objects.c[link].is_not(None)
            )
            for link in LINKS
        )
    ).cte("steps")
    walk = walk.union(
        select(walk.c.scope, walk.c.origin, steps.c.to).where(
            steps.c.scope == walk.c.scope, steps.c.id == walk.c.at
        )
    )
    reached = (
        select(walk.c.scope, walk.c.origin)
        .join(here, and_(here.c.scope == walk.c.scope, here.c.id == walk.c.at))
        .where(here.c.customer.is_not(None))
        .distinct()
        .cte("reached")
    )
    statement = (
        select(nameless.c.kind, func.count())
        .outerjoin(
            reached, and_(reached.c.scope == nameless.c.scope, reached.c.origin == nameless.c.id)
        )
        .where(reached.c.origin.is_(None))
        .group_by(nameless.c.kind)
        .order_by(nameless.c.kind)
    )
    return dict(connection.execute(statement).all())
