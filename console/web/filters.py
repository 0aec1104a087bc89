"""How money, numbers, times and long ids are written for people. English, times in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import format_decimal, get_currency_symbol
from markupsafe import Markup

from schemas.currencies import decimals

LOCALE = "en_US"
NOTHING = "–"
TIME = Markup('<time datetime="{}" title="{}">{}</time>')
DATE_CHARS = len("2026-11-25")
HASH = re.compile(r"[0-9a-f]{32,}")
SHORT_CHARS = 12


def money(amount_minor: int | None, currency: str | None, *, signed: bool = False) -> str:
    """Write an amount, `$1,234.50`, with the decimals that Stripe gives the currency.

    Args:
        amount_minor: In minor units; a dash is written for None.
        currency: Three letters, upper or lower case.
        signed: Whether a plus is written before what is more than nothing, as for a movement.
    """
    if amount_minor is None or currency is None:
        return NOTHING
    digits = decimals(currency)
    symbol = get_currency_symbol(currency.upper(), locale=LOCALE)
    space = "\u00a0" if symbol[-1].isalpha() else ""
    amount = Decimal(abs(amount_minor)).scaleb(-digits)
    return f"{_sign(amount_minor, signed=signed)}{symbol}{space}{amount:,.{digits}f}"


def number(value: int | None, *, signed: bool = False) -> str:
    """Write a whole number with commas, `12,345`."""
    if value is None:
        return NOTHING
    return _sign(value, signed=signed) + format_decimal(abs(value), locale=LOCALE)


def day(at: int | str | None) -> str:
    """Write the day of Unix seconds or ISO 8601, `25 Nov 2026`, as an HTML `<time>`."""
    if isinstance(at, str) and len(at) == DATE_CHARS:
        date = datetime.fromisoformat(at)
        return TIME.format(at, f"{date:%A, %-d %B %Y}", day_words(at))
    return _time(at, "%-d %b %Y")


def day_words(date: str) -> str:
    """Write `2026-11-25` as `25 Nov 2026`, where no HTML can stand."""
    return f"{datetime.fromisoformat(date):%-d %b %Y}"


def month(name: str) -> str:
    """Write `2026-11` as `Nov 2026`, as an HTML `<time>`."""
    return TIME.format(name, f"{datetime.fromisoformat(f'{name}-01'):%B %Y}", month_words(name))


def month_words(name: str) -> str:
    """Write `2026-11` as `Nov 2026`, where no HTML can stand."""
    return f"{datetime.fromisoformat(f'{name}-01'):%b %Y}"


def moment(at: int | str | None) -> str:
    """Write Unix seconds or ISO 8601 to the minute, `25 Nov 2026, 19:12 UTC`, as a `<time>`."""
    return _time(at, "%-d %b %Y, %H:%M UTC")


def detail(value: object) -> str:
    """Write a detail of the audit; of a hash the beginning, and the whole where one points."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return Markup(", ").join(map(detail, value)) if value else NOTHING
    text = str(value)
    return short(text) if HASH.fullmatch(text) else text


def short(text: str) -> str:
    """Write the beginning of a hash; the whole is its title."""
    return Markup('<code title="{}">{}…</code>').format(text, text[:SHORT_CHARS])


def _time(at: int | str | None, form: str) -> str:
    if at is None:
        return NOTHING
    seconds = datetime.fromisoformat(at).timestamp() if isinstance(at, str) else at
    when = datetime.fromtimestamp(seconds, UTC)
    machine, title = f"{when:%Y-%m-%dT%H:%M:%SZ}", f"{when:%A, %-d %B %Y, %H:%M:%S UTC}"
    return TIME.format(machine, title, when.strftime(form))


def _sign(value: int, *, signed: bool) -> str:
    if value < 0:
        return "−"
    return "+" if signed and value > 0 else ""
