"""The export of accounts: whole, as spreadsheets read it, and no cell a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.queries.account_search import AccountSearch
from console.queries.accounts import all_accounts
from console.web.csv_text import csv_lines, neutral
from filled import NASTY, NASTY_WORDS, UNTIL
from web import client

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|'/C calc'!A0"]


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_work_out_gets_an_apostrophe(text):
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", [" =1", "  -1", "\u00a0@A1", " \n+1", "\ufeff=1", "\u3000＝1"])
def test_blanks_before_a_formula_hide_it_from_nobody(text):
    assert neutral(text) == "'" + text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; -1;b", "a;' -1;b"),
        ("=1;@A1", "'=1;'@A1"),
        ("a\t=1", "a\t'=1"),
        ("a\n+1", "a\n'+1"),
    ],
)
def test_what_another_separator_would_make_a_cell_of_its_own_is_no_formula_either(text, safe):
    assert neutral(text) == safe


@pytest.mark.parametrize("text", ["", "Ana", "1-2", "a=b", "a; b", "'=1", "<script>", "Ω"])
def test_other_text_stays_as_it_is(text):
    assert neutral(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=4))
def test_any_cells_come_back_as_they_were_but_for_the_apostrophe(cells):
    text = "".join(csv_lines(["a"] * len(cells), [cells, cells]))

    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert rows[1:] == [[neutral(cell) for cell in cells]] * 2


def test_numbers_below_nothing_are_numbers():
    assert "".join(csv_lines(["a"], [[-5]])) == "a\r\n-5\r\n"


def test_the_export_has_the_accounts_asked_for_in_their_order(filled):
    answer = client(filled).get("/accounts.csv?stage=Customer&sort=-mrr")

    search = AccountSearch(stage="Customer", sort="-mrr")
    with filled.connect() as connection:
        expected = list(all_accounts(connection, search, livemode=True, now=UNTIL))
    rows = read(answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "accounts.csv" in answer.headers["content-disposition"]
    assert [row["subject"] for row in rows] == [line.subject for line in expected]
    assert [row["email"] for row in rows] == [neutral(line.email or "") for line in expected]


def test_amounts_stand_in_a_column_of_their_currency_in_its_units(filled):
    rows = {row["subject"]: row for row in read(client(filled).get("/accounts.csv").text)}

    with filled.connect() as connection:
        for line in all_accounts(connection, AccountSearch(), livemode=True, now=UNTIL):
            row = rows[line.subject]
            for each in line.mrr:
                digits = {"jpy": 0, "kwd": 3}.get(each.currency, 2)
                told = f"{each.mrr_minor / 10**digits:.{digits}f}"
                expected = "" if line.pending and not each.mrr_minor else told
                assert row[f"mrr_{each.currency}"] == expected
            assert bool(row["mrr_not_known"]) == bool(line.pending)


def test_nasty_words_are_one_cell(filled):
    rows = read(client(filled).get("/accounts.csv?q=cus_nasty").text)

    assert [(row["subject"], row["name"]) for row in rows] == [(NASTY, NASTY_WORDS)]
