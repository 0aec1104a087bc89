"""Payment methods of any kind and age, in our words: until when, and whether they are still there.

A customer or subscription names its default by id and shows it whole only where that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas import objects as ours
from schemas.wire import payment_methods as wire


def read_payment_method(
    seen: wire.PaymentMethod, *, is_detached: bool = False
) -> ours.PaymentMethod:
    """Read a payment method, a source or a card; what is no card is good without an end."""
    card = seen if seen.card is None else seen.card
    return ours.PaymentMethod(
        id=seen.id,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
        is_detached=is_detached,
        created_at=seen.created,
    )


def default_id(default: wire.Default) -> str | None:
    """The id of a default; none is null or, in old versions, empty."""
    return (default.id if isinstance(default, wire.PaymentMethod) else default) or None


def shown_defaults(*defaults: wire.Default) -> Iterator[ours.PaymentMethod]:
    """What is shown of defaults that came expanded."""
    for each in defaults:
        if isinstance(each, wire.PaymentMethod) and each.is_shown:
            yield read_payment_method(each)
