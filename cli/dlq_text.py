"""How `subfold dlq` tells of letters: a table, JSON, a page of words for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from schemas.times import iso_ms
from streams.worker.dead_letters import PREFIX
from streams.worker.letters import Deed, Letter


def table_of(letters: Sequence[Letter]) -> Table:
    """A line for each letter."""
    table = Table("letter", "buried", "reason", "event", "key", "state", "what is wrong", box=None)
    for letter in letters:
        words = letter.words
        table.add_row(
            str(letter.place),
            iso_ms(letter.buried_at_ms)[:19] + "Z",
            escape(letter.reason),
            escape(words.get("event_type", "")),
            escape(letter.key),
            letter.state,
            escape(_what(letter)),
        )
    return table


def counts_of(letters: Iterable[Letter]) -> str:
    """How many by state."""
    counts = Counter(letter.state for letter in letters)
    return ", ".join(f"{counts[state]} {state}" for state in sorted(counts)) or "no letters"


def json_of(letter: Letter) -> dict[str, object]:
    """All of a letter but its body."""
    return {
        "letter": str(letter.place),
        "dlq_offset": letter.stands_at,
        "buried_at": iso_ms(letter.buried_at_ms),
        "reason": letter.reason,
        "message": letter.words.get(f"{PREFIX}exception.message", ""),
        "exception": letter.words.get(f"{PREFIX}exception.class.name", ""),
        "key": letter.key,
        "kind": letter.words.get("kind", ""),
        "event_id": letter.words.get("event_id", ""),
        "event_type": letter.words.get("event_type", ""),
        "state": letter.state,
        "first": letter.first,
        "headers": letter.words,
        "deeds": [_deed(deed) for deed in letter.deeds],
    }


def told_of(told: Mapping[str, object]) -> str:
    """What `json_of` gave, for people: a line for each word."""
    lines = []
    for name, value in told.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {text}" for key, text in value.items())]
        elif isinstance(value, list):
            lines += [f"{name}:", *(f"  {_said(each)}" for each in value)]
        else:
            lines.append(f"{name}: {'' if value is None else value}")
    return "\n".join(lines)


def _what(letter: Letter) -> str:
    words = letter.words
    return words.get(f"{PREFIX}exception.message") or words.get(f"{PREFIX}exception.class.name", "")


def _deed(deed: Deed) -> dict[str, object]:
    return {
        "action": deed.action.value,
        "by": deed.by,
        "at": iso_ms(deed.at_ms),
        "why": deed.why,
        "written": None if deed.written is None else f"{deed.letter.partition}:{deed.written}",
    }


def _said(deed: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in deed.items() if value)
