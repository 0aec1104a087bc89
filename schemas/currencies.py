"""How many decimals Stripe's amounts have, by currency. Source: https://docs.stripe.com/currencies.

Only for showing money to people: ISO 4217 differs (ISK and UGX have two decimals in Stripe's API).
"""

from __future__ import annotations

from decimal import Decimal

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905 - a table
)
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())  # noqa: SIM905 - a table


def decimals(currency: str) -> int:
    """How many digits of an amount in minor units stand behind the point."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def show_money(amount_minor: int, currency: str) -> str:
    """Write an amount for people, `1,234.50 USD`; the number of decimals is Stripe's."""
    amount = Decimal(amount_minor).scaleb(-decimals(currency))
    return f"{amount:,.{decimals(currency)}f} {currency.upper()}"
