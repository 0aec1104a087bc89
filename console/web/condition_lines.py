"""Conditions as people fill them in: a line for each, with a field, how it compares, and a value.

Several lines must all hold. A value may name several things with commas; one that has a comma in it
stands in quotes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from schemas.conditions import Condition, Conditions

METADATA = "metadata"
FIELDS = tuple(Conditions.model_fields)
NUMBERS = frozenset({"quantity", "mrr", "renewal_period", "trial_days_left"})
FLAGS = frozenset({"cancel_scheduled", "ever_paying"})
OPERATORS = {
    "any_of": "is, or is one of",
    "not": "is not, or is none of",
    "contains": "contains",
    "exists": "is known (yes or no)",
    "equals": "equals",
    "at_least": "is at least",
    "at_most": "is at most",
    "greater": "is more than",
    "less": "is less than",
}
"""In words; which of them a field takes, its model says."""
LISTED = frozenset({"any_of", "not"})
BLANK = {"field": "status", "key": "", "operator": "any_of", "value": ""}
FLAG_WORDS = {"yes": True, "true": True, "no": False, "false": False}

Line = Mapping[str, str]


def lines_of(conditions: Conditions | None) -> list[dict[str, str]]:
    """The lines that mean these conditions."""
    if conditions is None:
        return []
    lines = [
        {"field": field, "key": "", **line}
        for field, condition in conditions.named
        for line in _lines(condition)
    ]
    for key, condition in (conditions.metadata or {}).items():
        lines += [{"field": METADATA, "key": key, **line} for line in _lines(condition)]
    return lines


def conditions_of(lines: Sequence[Line]) -> tuple[dict[str, Any], dict[int, str]]:
    """What the settings' model reads, and by number of the line what is wrong before it does."""
    found: dict[str, Any] = {}
    faults: dict[int, str] = {}
    for number, line in enumerate(lines):
        field, operator = line.get("field", ""), line.get("operator", "")
        place = found
        if field == METADATA:
            place, field = found.setdefault(METADATA, {}), line.get("key", "")
        operators = place.setdefault(field, {})
        if operator in operators:
            faults[number] = "there is such a line already: name all values in one, with commas"
        else:
            operators[operator] = _value(line.get("field", ""), operator, line.get("value", ""))
    return found, faults


def line_at(lines: Sequence[Line], loc: Sequence[str]) -> int | None:
    """Which line a fault is of: `loc` leads from the conditions to it, as pydantic says."""
    if not loc:
        return None
    field, key = loc[0], ""
    rest = loc[1:]
    if field == METADATA and rest:
        key, rest = rest[0], rest[1:]
    of_field = [
        number
        for number, line in enumerate(lines)
        if line.get("field") == field and (field != METADATA or line.get("key") == key)
    ]
    exact = [number for number in of_field if lines[number].get("operator") in rest]
    return next(iter([*exact, *of_field]), None)


def _lines(condition: Condition) -> Iterator[dict[str, str]]:
    for word in OPERATORS:
        given = getattr(condition, "not_" if word == "not" else word, None)
        if given is not None:
            yield {"operator": word, "value": _text(given)}


def _text(given: Any) -> str:
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, tuple):
        return ", ".join(map(_quoted, given))
    return str(given)


def _quoted(given: Any) -> str:
    text = _text(given)
    if re.search(r'[,"]|^\s|\s$', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _value(field: str, operator: str, text: str) -> Any:
    if operator == "exists":
        return FLAG_WORDS.get(text.strip().lower(), text)
    if operator not in LISTED:
        return _one(field, text.strip())
    return [_one(field, each.strip()) for each in _split(text) if each.strip()]


def _one(field: str, text: str) -> Any:
    """As the field's type if it can be; else as it is, and the model says what is wrong."""
    if field in NUMBERS and re.fullmatch(r"-?\d{1,19}", text):
        return int(text)
    if field in FLAGS:
        return FLAG_WORDS.get(text.lower(), text)
    return text


def _split(text: str) -> Iterable[str]:
    return next(csv.reader([text.replace("\n", ",")], skipinitialspace=True), [])
