"""Given the page of guarantees: each promise has its limits, and tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text()
PROMISES = re.findall(r"^\*\*(P\d+)\. .*?(?=^\*\*P\d|^## )", PAGE, re.DOTALL | re.MULTILINE)
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_the_promises_are_those_that_can_be_kept_today():
    assert [f"P{number}" for number in (*range(1, 10), 11, 13, 15, 16)] == PROMISES


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_says_its_limits_and_its_tests(promise):
    text = PAGE.partition(f"**{promise}. ")[2].partition("\n**P")[0]

    assert "- Limits: " in text
    assert re.search(r"- Tests: `tests/", text)


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_each_test_that_is_named_exists(file, name):
    tree = ast.parse((ROOT / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)

    assert name in {each.name for each in tree.body if isinstance(each, functions)}
