"""Comma-separated text (RFC 4180) for spreadsheets, which must not take a cell for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

FORMULA = re.compile(r"(^|[;\t\r\n])([\s\u200b\ufeff]*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet begins to calculate: at the beginning, and after what some of them separate
cells by; blanks before it do not count. See OWASP, "CSV Injection"."""
PART_CHARS = 16 * 1024
Cell = str | int | Decimal | None


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Write lines, some at a time; texts that look like formulas get a quote.

    Each part that is given costs a change of threads, more than hundreds of lines do.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
        if buffer.tell() >= PART_CHARS:
            yield _taken(buffer)
    yield _taken(buffer)


def neutral(text: str) -> str:
    """The text, with an apostrophe wherever a spreadsheet would begin to calculate."""
    return FORMULA.sub(r"\1'\2", text)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
