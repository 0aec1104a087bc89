"""Business settings as the text of `subfold.toml`, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from schemas.settings import BusinessSettings

TABLES = ("contact", "business", "mrr", "stages")


def business_toml(content: BusinessSettings) -> str:
    """Write settings whole, defaults and all; read back they are the same."""
    told = content.model_dump(mode="json", exclude_none=True)
    rules = told["stages"].pop("rules")
    tables = [_table(f"[{name}]", told[name]) for name in TABLES]
    tables += [_table("[[stages.rules]]", rule) for rule in rules]
    # An automation says only what it needs: the rest takes no part in its meaning.
    short = content.model_dump(mode="json", exclude_defaults=True, include={"automations"})
    automations = short.get("automations", told["automations"])
    tables += [_table("[[automations]]", each) for each in automations]
    text = "\n".join(tables)
    return text if automations else f"automations = []\n\n{text}"


def toml_tables(name: str, contents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Each as one table of an array."""
    return (_table(f"[[{name}]]", content) for content in contents)


def toml_value(value: Any) -> str:
    """A value in TOML: a table inline, anything else as JSON writes it."""
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {toml_value(it)}" for key, it in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return orjson.dumps(value).decode()


def _table(head: str, content: Mapping[str, Any]) -> str:
    lines = (f"{key} = {toml_value(value)}" for key, value in content.items())
    return "\n".join([head, *lines, ""])


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)
