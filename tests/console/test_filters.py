"""Money, numbers and times as people read them."""

from __future__ import annotations

import pytest

from console.queries.words import scope_words
from console.web.filters import day, day_words, detail, moment, money, month, number


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_450, "usd", "$1,234.50"),
        (-5, "USD", "−$0.05"),
        (0, "eur", "€0.00"),
        (1_234, "jpy", "¥1,234"),
        (1_234_567, "kwd", "KWD\u00a01,234.567"),
        # Two decimals at Stripe, none by ISO 4217.
        (500, "isk", "ISK\u00a05.00"),
        (100, "xyz", "XYZ\u00a01.00"),
        (10**20, "usd", "$1,000,000,000,000,000,000.00"),
        (None, "usd", "–"),
        (5, None, "–"),
    ],
)
def test_money_has_the_decimals_of_stripe(amount: int | None, currency: str | None, text: str):
    assert money(amount, currency) == text


def test_a_movement_says_which_way():
    assert money(100, "usd", signed=True) == "+$1.00"
    assert money(-100, "usd", signed=True) == "−$1.00"
    assert money(0, "usd", signed=True) == "$0.00"


def test_numbers_have_commas():
    assert number(1_234_567) == "1,234,567"
    assert number(-1_000, signed=True) == "−1,000"
    assert number(3, signed=True) == "+3"
    assert number(None) == "–"


def test_times_are_machine_readable_too():
    assert day(1_795_634_995) == (
        '<time datetime="2026-11-25T19:29:55Z" title="Wednesday, 25 November 2026, 19:29:55 UTC">'
        "25 Nov 2026</time>"
    )
    assert ">25 Nov 2026, 19:29 UTC</time>" in moment(1_795_634_995)
    assert moment(None) == "–"


def test_times_of_whatever_kind_have_one_form():
    for at in ("2026-11-25T19:29:55Z", "2026-11-25T20:29:55.123456+01:00", 1_795_634_995):
        assert moment(at) == moment(1_795_634_995)
        assert day(at) == day(1_795_634_995)
    assert day("2026-11-05") == (
        '<time datetime="2026-11-05" title="Thursday, 5 November 2026">5 Nov 2026</time>'
    )
    assert day_words("2026-11-05") == "5 Nov 2026"
    assert month("2026-11") == '<time datetime="2026-11" title="November 2026">Nov 2026</time>'


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("main/-/test", "main · test mode"),
        ("main/acct_1/live", "main · acct_1 · live mode"),
        ("eu/-/live/cus_1", "eu · live mode"),
    ],
)
def test_a_source_is_named_with_its_connected_account_and_mode(scope, words):
    assert scope_words(scope) == words


def test_details_are_words_and_a_hash_is_its_beginning():
    whole = "a1" * 32

    assert detail(whole) == f'<code title="{whole}">a1a1a1a1a1a1…</code>'
    assert detail([whole, "<b>"]) == f"{detail(whole)}, &lt;b&gt;"
    assert (detail([]), detail(True), detail(3)) == ("–", "yes", "3")
