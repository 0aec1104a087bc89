"""What somebody who looks at the settings has before them: what is in force, and their draft."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.access.drafts import Draft, draft_of, keep_draft
from console.context import console_of, visitor_of
from console.queries.settings import Version, difference, in_force
from console.web.settings_form import Checked, Typed, checked, typed_of, with_precedence
from console.web.settings_shape import shaped

TABLES = {
    "source": "contact",
    "stages": "stages",
    "business": "business",
    "mrr": "mrr",
    "automations": "automations",
}
"""Tabs that are forms, and the table of the settings that each is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The settings as one visitor sees them.

    Attributes:
        version: In force.
        draft: What they have typed; None where they have changed nothing.
        typed: The draft, or what is in force.
        checked: What is made of it.
    """

    version: Version
    draft: Draft | None
    typed: Typed
    checked: Checked

    @property
    def changes(self) -> list[str]:
        """What the draft changes, as lines of a settings file."""
        if self.draft is None or self.checked.content is None:
            return []
        return difference(self.version.content, self.checked.content)

    def faults_of(self, section: str) -> int:
        """How many fields of a tab are wrong."""
        table = TABLES.get(section)
        return sum(path.split(".")[0] == table for path in self.checked.faults)


def desk_of(request: Request) -> Desk:
    """Find what is in force and what this visitor has typed."""
    console = console_of(request)
    with console.read_model.connect() as connection:
        version = in_force(connection)
    draft = draft_of(console.access, visitor_of(request).name)
    typed = draft.typed if draft else typed_of(version.content)
    return Desk(version=version, draft=draft, typed=typed, checked=checked(typed))


def keep(request: Request, desk: Desk, typed: Typed) -> Checked:
    """Keep what was typed as the visitor's draft, and say what is made of it.

    Raises:
        HTTPException: 400: no form of ours sends this.
    """
    try:
        typed = shaped(typed)
    except ValidationError as error:
        raise HTTPException(400, "This is not a form of this page. Load it again.") from error
    typed = {**typed, "stages": with_precedence(typed["stages"])}
    base = desk.draft.base_version if desk.draft else desk.version.version
    console = console_of(request)
    draft = Draft(base_version=base, typed=typed, saved_at=int(console.clock()))
    keep_draft(console.access, visitor_of(request).name, draft)
    return checked(typed)
