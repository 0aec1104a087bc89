"""How money, numbers and times are written for people. English, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import format_decimal, get_currency_symbol
from markupsafe import Markup

from schemas.currencies import decimals

LOCALE = "en_US"
NOTHING = "–"


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


def day(seconds: int | None) -> str:
    """Write the day of Unix seconds, `25 Nov 2026`, as an HTML `<time>`."""
    return _time(seconds, "%-d %b %Y")


def moment(seconds: int | None) -> str:
    """Write Unix seconds to the minute, `25 Nov 2026, 19:12 UTC`, as an HTML `<time>`."""
    return _time(seconds, "%-d %b %Y, %H:%M UTC")


def _time(seconds: int | None, form: str) -> str:
    if seconds is None:
        return NOTHING
    at = datetime.fromtimestamp(seconds, UTC)
    machine, title = at.strftime("%Y-%m-%dT%H:%M:%SZ"), at.strftime("%A, %-d %B %Y, %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine, title, at.strftime(form)
    )


def _sign(value: int, *, signed: bool) -> str:
    if value < 0:
        return "−"
    return "+" if signed and value > 0 else ""
