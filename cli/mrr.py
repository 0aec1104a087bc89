"""`subfold mrr`: what subscriptions are worth a month and why; or what an export says otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from cli.config import RulesOption, parse_time, rules_to_try
from cli.files import complain, explained, inputs_of
from projections.mrr.words import CAVEATS
from schemas.codec import canonical
from schemas.currencies import show_money
from schemas.errors import SubfoldError
from schemas.money import Amount
from schemas.standing import MrrView
from streams.mrr.against import Comparison, Difference, Export, compare, read_export
from streams.mrr.answers import Answer, answers, missing_of
from streams.mrr.why import money, why

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Subscriptions, customers, customer rows or events; - is standard input.",
    ),
]
Preset = Annotated[
    Literal["standard", "stripe", "net"] | None,
    typer.Option(help="Rule set; the settings' own when left out.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="As of this time (ISO 8601 or Unix seconds), not each line's own."),
]
Against = Annotated[
    Path | None,
    typer.Option("--against", help="Dashboard export (CSV): list what differs from it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, one object a line.")]


def mrr(  # noqa: PLR0917 - Typer turns parameters into options
    paths: Paths,
    preset: Preset = None,
    at: At = None,
    settings: RulesOption = None,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Say what subscriptions are worth a month, and why.

    FILE holds Stripe's objects or events, or customer rows of `subfold fold --state`: one, a list,
    or JSON Lines. Discounts of a customer, coupons and prices count for every line.
    """
    content = rules_to_try(settings)
    if preset:
        rules = content.mrr.model_copy(update={"preset": preset})
        content = content.model_copy(update={"mrr": rules})
    now = int(time.time())
    asked = parse_time(at) if at else None
    found = list(answers(inputs_of(paths), content, at=asked, now=now))
    if against:
        lines = _against(compare(found, _export(against)), as_json=as_json)
    else:
        lines = map(_json if as_json else _for_people, found)
    _write(lines)
    faults = [f"{each.line.place}: {each.line.fault}" for each in found if each.line.fault]
    complain(faults)
    raise typer.Exit(1 if faults else 0)


def _write(lines: Iterable[dict[str, Any] | Text]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        if isinstance(line, Text):
            console.print(line)
        else:
            sys.stdout.buffer.write(canonical(line) + b"\n")
    sys.stdout.flush()


def _json(answer: Answer) -> dict[str, Any]:
    return answer.as_json(why(answer))


def _for_people(answer: Answer) -> Text:
    name = answer.line.id or answer.line.place
    text = Text.assemble((name, "bold"), "  ", (_amounts(answer.view, answer.unknown), "green"))
    for step in why(answer):
        text.append(f"\n  {step}")
    for subscription, words in answer.view.caveats.items():
        for word in words:
            text.append(f"\n  {subscription}: {CAVEATS[word]}", "yellow")
    if answer.workings:
        others = (
            f"{other}: {_amounts(view, missing_of(view))}" for other, view in answer.others.items()
        )
        text.append(f"\n  other presets: {'; '.join(others)}", "dim")
    return text


def _amounts(view: MrrView, unknown: str | None) -> str:
    if unknown:
        return f"not known: {unknown}"
    amounts = (money(value, currency) for currency, value in sorted(view.total.items()))
    return ", ".join(amounts) or "0"


def _export(path: Path) -> Export:
    try:
        with explained(path, "read"):
            text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubfoldError(f"{path}: not UTF-8 text") from error
    return read_export(text.splitlines())


def _against(comparison: Comparison, *, as_json: bool) -> Iterator[dict[str, Any] | Text]:
    differing = len({each.id for each in comparison.differences})
    for each in comparison.differences:
        yield _difference_json(each) if as_json else _difference(each)
    if as_json:
        yield {"summary": {"compared": comparison.compared, "differing": differing}}
    else:
        yield Text(f"{comparison.compared} compared, {differing} differ", "bold")


def _difference_json(each: Difference) -> dict[str, Any]:
    return {
        "id": each.id,
        "currency": each.currency or None,
        "mrr": None if each.ours is None else Amount.of(each.ours).model_dump(),
        "export": Amount.of(each.theirs).model_dump(),
        "reason": each.reason,
    }


def _difference(each: Difference) -> Text:
    ours = "not known" if each.ours is None else money(each.ours, each.currency)
    theirs = show_money(round(each.theirs), each.currency).strip()
    return Text.assemble((each.id, "bold"), f"  ours {ours}, export {theirs}: {each.reason}")
