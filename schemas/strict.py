"""What all settings have in common: unknown words are refused, and nothing changes later."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


class Strict(BaseModel):
    """Settings of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
