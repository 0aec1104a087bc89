"""How money, numbers and times are written for people. English, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import format_currency, format_decimal
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
    pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
    text = format_currency(
        Decimal(abs(amount_minor)).scaleb(-digits),
        currency.upper(),
        format=pattern,
        locale=LOCALE,
        currency_digits=False,
    )
    return _sign(amount_minor, signed=signed) + text


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
