"""Words for settings that were refused: file, line, what is wrong, nearest valid word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.settings import BusinessSettings


def explain(
    error: ValidationError, path: Path | None, text: str, *, deployment: type[BaseModel]
) -> str:
    """Say each fault on a line of its own, `subfold.toml:12: kafka.prefx: unknown word, ...`."""
    return "\n".join(_explain_one(fault, path, text, deployment) for fault in error.errors())


def suggestion(word: str, valid: Iterable[str]) -> str:
    """Name the nearest valid word, or all of them when none is near."""
    valid = sorted(valid)
    near = difflib.get_close_matches(word, valid, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; valid are {', '.join(valid)}" if valid else ""


def _explain_one(fault: Any, path: Path | None, text: str, deployment: type[BaseModel]) -> str:
    loc = [str(part) for part in fault["loc"]]
    line = _line_of(loc, text)
    place = f"{path}:{line}" if path and line else "environment or defaults"
    if fault["type"] == "extra_forbidden":
        near = suggestion(loc[-1], _siblings(loc, deployment))
        return f"{place}: {'.'.join(loc)}: unknown word{near}"
    message = fault["msg"].removeprefix("Value error, ")
    given = fault.get("input")
    # What was given is shown only for short plain words: a secret must not end in a terminal's log.
    shown = f" (given: {given!r})" if fault["type"] == "literal_error" else ""
    return f"{place}: {'.'.join(loc)}: {message[0].lower()}{message[1:]}{shown}"


def _siblings(loc: list[str], deployment: type[BaseModel]) -> set[str]:
    model: Any = BusinessSettings if loc[0] in BusinessSettings.model_fields else deployment
    valid = {*BusinessSettings.model_fields, *deployment.model_fields}
    for part in loc[:-1]:
        if part not in getattr(model, "model_fields", {}):
            continue  # an index or a source's id: the model stays
        model = _model_in(model.model_fields[part].annotation)
        valid = set(getattr(model, "model_fields", {}))
    return valid


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    found = [_model_in(part) for part in getattr(annotation, "__args__", ())]
    return next((model for model in found if model is not None), None)


def _line_of(loc: list[str], text: str) -> int | None:
    """Find the line of a key: the last part of its path that the file has, under its table."""
    words = [part for part in loc if not part.isdigit()]
    best, table = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = header[1]
            if table.split(".")[0] == words[0]:
                best = best or number
        elif table.split(".")[0] == words[0] or not table:
            key = re.match(r"\s*([A-Za-z0-9_-]+)\s*=", line)
            if key and key[1] in words[-2:]:
                best = number
                if key[1] == words[-1]:
                    return number
    return best
