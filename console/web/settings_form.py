"""Settings as somebody types them: nested words as the forms name them, faults and all.

A field's name is its path: `stages.rules.2.when.0.value`. What was typed is kept as it is; only
`checked` makes settings of it, and says of each fault at which field it is, in the model's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from console.web.condition_lines import BLANK, conditions_of, line_at, lines_of
from schemas.automations import Automation
from schemas.settings import BusinessSettings, Stages

METADATA = "metadata:"
KEYED = (("contact", "match"), ("business", "mrr"), ("business", "renewal_date"))
"""Fields that name a word, or `metadata:` before a key of the user's own."""
LIST_MAX = 500
Typed = dict[str, Any]


@dataclass(slots=True)
class Checked:
    """Settings, or the faults by field; a fault of no field stands at the path around it."""

    content: BusinessSettings | None = None
    faults: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, message: str) -> None:
        """Note a fault."""
        self.faults.setdefault(path, []).append(message)


def nested(pairs: Iterable[tuple[str, str]]) -> Typed:
    """Put fields together by their paths; a name that ends in `[]` takes several values."""
    found: Typed = {}
    for name, value in pairs:
        if name.endswith("[]"):
            place, last = _place(found, name[:-2].split("."))
            place.setdefault(last, []).append(value)
        else:
            place, last = _place(found, name.split("."))
            place[last] = value.replace("\r\n", "\n")
    return {name: _with_lists(each) for name, each in found.items()}


def typed_of(content: BusinessSettings) -> Typed:
    """What a form shows of settings."""
    told = content.model_dump(mode="json")
    typed: Typed = {
        "contact": told["contact"] | {"create_missing": _flag(told["contact"]["create_missing"])},
        "business": told["business"],
        "mrr": {
            name: _flag(it) if isinstance(it, bool) else it or ""
            for name, it in told["mrr"].items()
        },
        "stages": typed_stages(content.stages),
        "automations": [_typed_automation(each) for each in content.automations],
    }
    for table, name in KEYED:
        word, _, key = typed[table][name].partition(":")
        typed[table] |= {name: METADATA if key else word, f"{name}_key": key}
    typed["business"]["primary"] = typed["business"]["primary"].removeprefix(METADATA)
    return typed


def typed_stages(stages: Stages) -> Typed:
    """What a form shows of stages."""
    return {
        "precedence": list(stages.precedence),
        "between": stages.between,
        "rules": [{"name": each.name, "when": lines_of(each.when)} for each in stages.rules],
    }


def checked(typed: Typed) -> Checked:
    """Make settings of what was typed."""
    result = Checked()
    candidate = {
        "contact": _with_keys("contact", typed["contact"])
        | {"create_missing": typed["contact"].get("create_missing") == "yes"}
        | {"look_in": typed["contact"].get("look_in", [])},
        "business": _with_keys("business", typed["business"])
        | {"primary": METADATA + typed["business"]["primary"].strip()},
        "mrr": {name: _unflagged(it) for name, it in typed["mrr"].items() if it},
        "stages": {
            **typed["stages"],
            "rules": [
                {"name": each["name"], "when": _when(each, f"stages.rules.{number}", result)}
                for number, each in enumerate(typed["stages"]["rules"])
            ],
        },
        "automations": [
            _automation(each, f"automations.{number}", result)
            for number, each in enumerate(typed["automations"])
        ],
    }
    try:
        content = BusinessSettings.model_validate(candidate)
    except ValidationError as error:
        for fault in error.errors():
            result.add(_path(typed, [str(each) for each in fault["loc"]]), _message(fault))
    else:
        result.content = None if result.faults else content
    return result


def with_precedence(stages: Typed) -> Typed:
    """Every stage that has a rule once, in the order that there was; new ones behind."""
    names = list(dict.fromkeys(each["name"].strip() for each in stages["rules"]))
    kept = [each for each in dict.fromkeys(stages.get("precedence", [])) if each in names]
    return {**stages, "precedence": [*kept, *(each for each in names if each and each not in kept)]}


def edited(typed: Typed, command: str) -> Typed:
    """Add to a list, take out of it, move in it: `add PATH`, `remove PATH N`, `up`, `down`."""
    verb, path, *rest = command.split(" ")
    found = _list_at(typed, path)
    number = int(rest[0]) if rest and rest[0].isdecimal() else -1
    if found is None or (verb != "add" and not 0 <= number < len(found)):
        return typed
    match verb:
        case "add":
            found.append(_blank(path))
        case "remove":
            del found[number]
        case "up" | "down":
            other = number + (1 if verb == "down" else -1)
            if 0 <= other < len(found):
                found[number], found[other] = found[other], found[number]
        case _:  # no button of ours
            pass
    return typed


def _blank(path: str) -> Any:
    if path.endswith("when"):
        return dict(BLANK)
    if path == "automations":
        return {"name": "", "on": "renewal_upcoming", "before": "30d", "when": []}
    return {"name": "", "when": [dict(BLANK)]}


def _list_at(typed: Any, path: str) -> list[Any] | None:
    found = typed
    for part in path.split("."):
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, dict):
            # A form names no list that is empty.
            found = found.setdefault(part, []) if part == "when" else found.get(part)
        else:
            return None
    return found if isinstance(found, list) else None


def _typed_automation(automation: Automation) -> Typed:
    told = automation.model_dump(mode="json", exclude={"when", "before"})
    told["by_at_least"] = "" if told["by_at_least"] is None else str(told["by_at_least"])
    told["even_if_short"] = _flag(told["even_if_short"])
    words = {name: it or "" for name, it in told.items()}
    return {
        **words,
        "before": ", ".join(automation.before),
        "when": lines_of(automation.when),
    }


def _automation(typed: Typed, path: str, result: Checked) -> Typed:
    """Only what was filled in: what a moment does not take stays out."""
    words = {name: it.strip() for name, it in typed.items() if name != "when" and it.strip()}
    given: Typed = dict(words)
    if "before" in words:
        given["before"] = [each for each in re.split(r"[,\s]+", words["before"]) if each]
    if "by_at_least" in words and words["by_at_least"].isdecimal():
        given["by_at_least"] = int(words["by_at_least"])
    given["even_if_short"] = words.get("even_if_short") == "yes"
    if when := _when(typed, path, result):
        given["when"] = when
    return given


def _when(typed: Typed, path: str, result: Checked) -> Typed:
    found, faults = conditions_of(typed.get("when", []))
    for number, message in faults.items():
        result.add(f"{path}.when.{number}", message)
    return found


def _with_keys(table: str, typed: Typed) -> Typed:
    given = dict(typed)
    for _, name in (each for each in KEYED if each[0] == table):
        key = given.pop(f"{name}_key", "").strip()
        if given.get(name) == METADATA:
            given[name] = METADATA + key
    return given


def _path(typed: Typed, loc: list[str]) -> str:
    """The field that a fault is of; one of a condition is of its line."""
    if "when" not in loc:
        return ".".join(loc)
    place = loc.index("when")
    around = ".".join(loc[:place])
    holder = _list_at(typed, f"{around}.when") or []
    number = line_at(holder, loc[place + 1 :])
    return f"{around}.when" if number is None else f"{around}.when.{number}"


def _message(fault: Mapping[str, Any]) -> str:
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text[0].upper() + text[1:]


def _flag(given: bool | None) -> str:
    return "" if given is None else "yes" if given else "no"


def _unflagged(given: str) -> Any:
    return {"yes": True, "no": False}.get(given, given.strip())


def _place(found: Typed, parts: list[str]) -> tuple[Typed, str]:
    for part in parts[:-1]:
        deeper = found.setdefault(part, {})
        if not isinstance(deeper, dict):
            return {}, parts[-1]
        found = deeper
    return found, parts[-1]


def _with_lists(found: Any) -> Any:
    """What is named by numbers is a list, in their order."""
    if not isinstance(found, dict):
        return found
    whole = {name: _with_lists(each) for name, each in found.items()}
    if whole and all(name.isdecimal() for name in whole):
        return [whole[name] for name in sorted(whole, key=int)[:LIST_MAX]]
    return whole
