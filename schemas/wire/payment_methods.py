"""Payment methods, and the cards and sources that were before them."""

from __future__ import annotations

from schemas.wire.types import Id, Month, Seconds, Text, Wire, Year


class Card(Wire):
    """Until when a card is good."""

    exp_month: Month = None
    exp_year: Year = None


class PaymentMethod(Wire):
    """A payment method, or a source, with its card in it, or a card itself (before 2018)."""

    id: Id
    card: Card | None = None
    exp_month: Month = None
    exp_year: Year = None
    created: Seconds = 0

    @property
    def is_shown(self) -> bool:
        """Whether there is more of it than its id."""
        return self.model_fields_set != {"id"}


Default = PaymentMethod | Text | None
"""A default as its id, or whole where it was expanded."""
