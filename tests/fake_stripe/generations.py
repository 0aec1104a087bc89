"""Which of the four shapes an API version has."""

from __future__ import annotations

import re

from simulation.objects import Generation

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


def generation_of(version: str) -> Generation | None:
    """The newest generation that is not newer than the version; None if it is no version.

    What is older than the oldest generation is shown in its shapes all the same.
    """
    if not VERSION.fullmatch(version):
        return None
    day = version[:10]
    return max((each for each in Generation if each.value[:10] <= day), default=Generation.LEGACY)
