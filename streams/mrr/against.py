"""Compares answers with an export of Stripe's Dashboard: by subscription, or by customer.

An export is CSV with a header. We cannot know every shape that Stripe gives it: the columns that
are understood are in docs/mrr.md. Its amounts are decimals of major units.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from projections.mrr.words import CAVEATS, PENDING
from schemas.currencies import decimals
from schemas.errors import SubfoldError
from schemas.money import Amounts, add
from streams.mrr.answers import Answer

ID_COLUMNS = ("subscription id", "subscription", "id", "customer id", "customer")
AMOUNT_COLUMNS = ("mrr", "monthly recurring revenue", "amount")
OTHER_SEPARATORS = (";", "\t")
IN_HEADER = re.compile(r"\(([a-z]{3})\)$")
AMOUNT = re.compile(r"^\W?(-?\d+(?:\.\d+)?)$")

Export = dict[tuple[str, str | None], Fraction]
"""Figures in major units, by id and currency (None where the export does not say it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One id whose figures differ, in minor units; `ours` is None where it is not known.

    `currency` is empty where nobody says it; then it is taken to have two decimals.
    """

    id: str
    currency: str
    ours: Fraction | None
    theirs: Fraction
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was compared, and where it differs."""

    compared: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Ours of one subscription or customer: by the rules asked for, and by the other presets."""

    amounts: Amounts
    others: Mapping[str, Amounts]
    pending: str | None
    caveats: tuple[str, ...]


def read_export(lines: Iterable[str]) -> Export:
    """Read figures; those of one id and currency are added up.

    Raises:
        SubfoldError: No column, or no amount, can be understood.
    """
    reader = csv.DictReader(lines)
    _refuse_other_separators(reader.fieldnames or ())
    header = {_plain(name): name for name in reader.fieldnames or ()}
    id_column = next((header[each] for each in ID_COLUMNS if each in header), None)
    amount_column = next(
        (
            name
            for wanted in AMOUNT_COLUMNS
            for plain, name in header.items()
            if IN_HEADER.sub("", plain).strip() == wanted
        ),
        None,
    )
    if id_column is None or amount_column is None:
        raise SubfoldError(
            "the export needs a header with a column of ids "
            f"({', '.join(ID_COLUMNS)}) and one of amounts ({', '.join(AMOUNT_COLUMNS)})"
        )
    in_header = IN_HEADER.search(_plain(amount_column))
    figures: dict[tuple[str, str | None], Fraction] = defaultdict(Fraction)
    for number, row in enumerate(reader, 2):
        told = row.get(header.get("currency", ""), "") or (in_header[1] if in_header else "")
        amount = AMOUNT.match((row[amount_column] or "").replace(",", "").strip())
        if amount is None:
            raise SubfoldError(f"line {number} of the export: {amount_column} is no amount")
        figures[row[id_column] or "", told.strip().lower() or None] += Fraction(amount[1])
    return dict(figures)


def compare(answers: Iterable[Answer], export: Export) -> Comparison:
    """List what differs by more than half a minor unit, for an export is rounded to one."""
    subscriptions, customers = _sides(answers)
    ids = {id_ for id_, _ in export}
    ours = subscriptions if ids & set(subscriptions) or not ids & set(customers) else customers
    differences = [
        *(each for key, major in export.items() if (each := _difference(ours, key, major))),
        *_left_out(ours, ids),
    ]
    return Comparison(
        compared=len(ids | set(ours)),
        differences=tuple(sorted(differences, key=lambda each: (each.id, each.currency))),
    )


def _refuse_other_separators(names: Sequence[str]) -> None:
    """Where `;` separates columns, a comma may be that of decimals: 20,00 would be read as 2000."""
    other = next((each for each in OTHER_SEPARATORS if len(names) == 1 and each in names[0]), None)
    if other is not None:
        raise SubfoldError(f"the export's columns must be separated by commas, not by {other!r}")


def _plain(name: str) -> str:
    return " ".join(name.strip().lower().replace("_", " ").split())


def _difference(
    ours: Mapping[str, _Side], key: tuple[str, str | None], major: Fraction
) -> Difference | None:
    id_, told = key
    side = ours.get(id_)
    currency = told or next(iter(side.amounts if side else ()), "")
    theirs = major * 10 ** decimals(currency)
    if side is None:
        reason = "it is not in the input"
        return Difference(id=id_, currency=currency, ours=None, theirs=theirs, reason=reason)
    if side.pending is not None:
        reason = f"pending, {side.pending}: {PENDING.get(side.pending, side.pending)}"
        return Difference(id=id_, currency=currency, ours=None, theirs=theirs, reason=reason)
    amount = side.amounts.get(currency, Fraction())
    if _agree(amount, theirs):
        return None
    reason = _reason(side, currency, theirs)
    return Difference(id=id_, currency=currency, ours=amount, theirs=theirs, reason=reason)


def _left_out(ours: Mapping[str, _Side], ids: set[str]) -> Iterator[Difference]:
    for id_, side in ours.items():
        for currency, amount in side.amounts.items() if id_ not in ids else ():
            if amount:
                reason = _reason(side, currency, Fraction())
                reason = f"it is not in the export; {reason}"
                yield Difference(
                    id=id_, currency=currency, ours=amount, theirs=Fraction(), reason=reason
                )


def _agree(ours: Fraction, theirs: Fraction) -> bool:
    return abs(ours - theirs) <= Fraction(1, 2)


def _reason(side: _Side, currency: str, theirs: Fraction) -> str:
    names = [
        name
        for name, amounts in side.others.items()
        if _agree(amounts.get(currency, Fraction()), theirs)
    ]
    if names:
        return f"the preset {' or '.join(names)} agrees"
    if side.caveats:
        return "; ".join(CAVEATS[word] for word in side.caveats)
    return "no reason is known"


def _sides(answers: Iterable[Answer]) -> tuple[dict[str, _Side], dict[str, _Side]]:
    """Ours by subscription and by customer; of a subscription on several lines the newest."""
    newest: dict[str, Answer] = {}
    for answer in answers:
        for working in answer.workings:
            id_ = working.subscription.id
            if id_ not in newest or newest[id_].at <= answer.at:
                newest[id_] = answer
    subscriptions = {id_: _side(answer, id_) for id_, answer in newest.items()}
    held: dict[str, list[_Side]] = defaultdict(list)
    for id_, answer in newest.items():
        held[answer.line.customer].append(subscriptions[id_])
    return subscriptions, {customer: _sum(sides) for customer, sides in held.items()}


def _side(answer: Answer, id_: str) -> _Side:
    return _Side(
        amounts=answer.view.by_subscription.get(id_, {}),
        others={name: view.by_subscription.get(id_, {}) for name, view in answer.others.items()},
        pending=answer.view.pending.get(id_),
        caveats=answer.view.caveats.get(id_, ()),
    )


def _sum(sides: list[_Side]) -> _Side:
    return _Side(
        amounts=add(*(each.amounts for each in sides)),
        others={name: add(*(each.others[name] for each in sides)) for name in sides[0].others},
        pending=next((each.pending for each in sides if each.pending), None),
        caveats=tuple(sorted({word for each in sides for word in each.caveats})),
    )
