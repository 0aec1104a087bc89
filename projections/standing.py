"""Where a customer stands: every view, each made once and handed to whoever needs it."""

from __future__ import annotations

from projections.contact import contact_of
from projections.lifetime import lifetime_of
from projections.mrr import mrr_of
from projections.renewals import renewal_of
from projections.stage import stages_of
from schemas.rows import Facts
from schemas.settings import BusinessSettings
from schemas.standing import Standing


def standing_of(facts: Facts, customer: str, settings: BusinessSettings) -> Standing:
    """Say where a customer stands by its facts and these rules, at the row's own time."""
    mrr = mrr_of(facts, settings)
    return Standing(
        contact=contact_of(facts, customer, settings.contact),
        stages=stages_of(facts, settings, mrr),
        mrr=mrr,
        renewal=renewal_of(facts, settings, mrr),
        lifetime=lifetime_of(facts),
    )
