"""Given the page of what the door withstands: each fault has tests, and they say so themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ingress-faults.md").read_text()
FAULTS = [f"F{number:02}" for number in range(1, 26)]
ROWS = dict(re.findall(r"^\| (F\d\d) \|(.*)\|$", PAGE, re.MULTILINE))
NAMED = [
    (fault, file if "/" in file else f"tests/ingest/{file}", name)
    for fault, row in ROWS.items()
    for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", row)
]


def test_each_fault_has_its_row():
    assert list(ROWS) == FAULTS
    assert {fault for fault, *_ in NAMED} == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_by_a_test_of_the_door(fault):
    files = (ROOT / "tests" / "ingest").glob("test_*.py")

    assert [file.name for file in files if re.search(rf"\b{fault}\b", file.read_text())]


@pytest.mark.parametrize(("fault", "file", "name"), NAMED)
def test_each_test_on_the_page_exists(fault, file, name):
    tree = ast.parse((ROOT / file).read_text())

    assert name in {getattr(each, "name", "") for each in tree.body}
