"""Words for settings that were refused: file, line, what is wrong, nearest valid word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from schemas.conditions import FlagCondition, NumberCondition, TextCondition
from schemas.settings import ONE_OF, BusinessSettings

HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_\-.\"' ]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"\s*([A-Za-z0-9_\-.\"']+)\s*=")
QUOTED = re.compile(r"'([^']+)'")
TYPES = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
}
"""Faults of type, in words of TOML."""
CONDITIONS = (TextCondition, NumberCondition, FlagCondition)


def explain(
    error: ValidationError, path: Path | None, text: str, *, deployment: type[BaseModel]
) -> str:
    """Say each fault on a line of its own, `subfold.toml:12: kafka.prefx: unknown word, ...`."""
    return "\n".join(_explain_one(fault, path, text, deployment) for fault in error.errors())


def suggestion(word: str, valid: Iterable[str]) -> str:
    """Name the nearest valid word, or all of them when none is near."""
    valid = sorted(valid)
    return _nearest(word, valid) or (f"; valid are {', '.join(valid)}" if valid else "")


def _nearest(word: object, valid: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, valid, n=1) if isinstance(word, str) else []
    return f"; did you mean {near[0]!r}?" if near else ""


def _explain_one(fault: Any, path: Path | None, text: str, deployment: type[BaseModel]) -> str:
    loc = [str(part) for part in fault["loc"]]
    if "any_of" in loc:
        # A bare value and a list mean `any_of`, which need not be in the file.
        loc = loc[: loc.index("any_of")]
    line = _line_of(loc, text)
    place = f"{path}:{line}" if path and line else "environment or defaults"
    return f"{place}: {'.'.join(loc)}: {_what(fault, loc, deployment)}"


def _what(fault: Any, loc: list[str], deployment: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        return _unknown_word(loc, _model_at(loc[:-1], deployment), deployment)
    if fault["type"] in TYPES:
        return TYPES[fault["type"]]
    message = fault["msg"].removeprefix("Value error, ")
    # What was given is shown only for short plain words: a secret must not end in a terminal's log.
    shown = f" (given: {fault['input']!r})" if fault["type"] == "literal_error" else ""
    return f"{message[0].lower()}{message[1:]}{shown}{_nearest_of_set(fault)}"


def _nearest_of_set(fault: Any) -> str:
    """The valid word that is nearest, where the fault is that a word is none of a closed set."""
    if fault["type"] not in {"literal_error", ONE_OF}:
        return ""
    return _nearest(fault["input"], QUOTED.findall(fault["ctx"]["expected"]))


def _unknown_word(loc: list[str], model: Any, deployment: type[BaseModel]) -> str:
    word, valid = loc[-1], _words(model) if len(loc) > 1 else _tables(deployment)
    if model in CONDITIONS and any(word in _words(each) for each in CONDITIONS):
        listed = ", ".join(sorted(valid))
        return f"impossible here: {loc[-2]} is {model.KIND}; valid are {listed}"
    return f"unknown word{suggestion(word, valid)}"


def _tables(deployment: type[BaseModel]) -> set[str]:
    return {*BusinessSettings.model_fields, *deployment.model_fields}


def _words(model: Any) -> set[str]:
    fields = getattr(model, "model_fields", {})
    return {field.alias or name for name, field in fields.items()}


def _model_at(loc: Sequence[str], deployment: type[BaseModel]) -> Any:
    """The table that a path leads to; an index or a key of the user's own leads nowhere new."""
    model: Any = deployment
    if loc and loc[0] in BusinessSettings.model_fields:
        model = BusinessSettings
    is_own_key = False
    for part in loc:
        if part.isdigit() or is_own_key:
            is_own_key = False
            continue
        field = getattr(model, "model_fields", {}).get(part)
        annotation = field.annotation if field else None
        model, is_own_key = _model_in(annotation), _is_keyed(annotation)
    return model


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    found = [_model_in(part) for part in get_args(annotation)]
    return next((model for model in found if model is not None), None)


def _is_keyed(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(map(_is_keyed, get_args(annotation)))


def _line_of(loc: Sequence[str], text: str) -> int | None:
    """Find the line where a path stands, or the nearest table or key around it."""
    best, depth, end = None, 0, 0
    for number, path in _places(text):
        if best is not None and not end:
            end = number
        shared = min(len(path), len(loc))
        if shared > depth and all(map(_agree, path[:shared], loc[:shared])):
            best, depth, end = number, shared, 0
    rest = [part for part in loc[depth:] if not part.isdigit()]
    if best is None or not rest:
        return best
    # An inline table or a list over several lines: the word is on one of them.
    word = re.compile(rf"(?<![\w-]){re.escape(rest[-1])}(?![\w-])")
    lines = text.splitlines()
    within = range(best, (end or len(lines) + 1))
    return next((number for number in within if word.search(lines[number - 1])), best)


def _agree(word: str, part: str) -> bool:
    """A list's index in the file may be an id in the settings, as of `[[sources]]`."""
    return word == part or (word.isdigit() and not part.isdigit())


def _places(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every table header and key of a TOML file: its line, and its path with indices of lists."""
    table: tuple[str, ...] = ()
    last: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            names = _names(header[2])
            if header[1] == "[[":
                last[names] = last.get(names, -1) + 1
            table = tuple(
                word
                for depth, name in enumerate(names, 1)
                for word in (name, *(str(last[each]) for each in (names[:depth],) if each in last))
            )
            yield number, table
        elif key := KEY.match(line):
            yield number, (*table, *_names(key[1]))


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
