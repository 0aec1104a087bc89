"""What the facts mean: contact, stage, MRR, renewals, triggers. Pure; a file for each meaning."""

from __future__ import annotations

from projections.contact import project_contact
from projections.mrr import project_mrr
from projections.renewals import project_renewals
from projections.stage import project_stage
from projections.triggers import project_triggers
from schemas.rows import Announced
from schemas.transitions import Transition
from schemas.updates import Update

# Triggers come last: they carry the stage and MRR that the others have told.
STANDING = (project_contact, project_stage, project_mrr, project_renewals)
PROJECTIONS = (*STANDING, project_triggers)


def project(
    transition: Transition, *, with_triggers: bool = True
) -> tuple[Announced, tuple[Update, ...]]:
    """Ask the projections what there is to tell; number the answers within their cause."""
    announced = transition.announced
    told: list[Update] = []
    for projection in PROJECTIONS if with_triggers else STANDING:
        announced, updates = projection(transition, announced)
        told.extend(updates)
    numbered = (
        update.model_copy(update={"index": index}) if index else update
        for index, update in enumerate(told)
    )
    return announced, tuple(numbered)
