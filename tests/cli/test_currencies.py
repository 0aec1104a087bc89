from schemas.currencies import show_money


def test_most_currencies_have_two_decimals():
    assert show_money(123450, "usd") == "1,234.50 USD"


def test_yen_has_none_and_dinar_three():
    assert show_money(1000, "jpy") == "1,000 JPY"
    assert show_money(5000, "kwd") == "5.000 KWD"


def test_krona_has_two_decimals_at_stripe():
    assert show_money(500, "isk") == "5.00 ISK"


def test_a_negative_amount_keeps_its_sign():
    assert show_money(-5, "eur") == "-0.05 EUR"
