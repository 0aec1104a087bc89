"""The pages on rules say what the code does: keys, operators, presets, examples."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from schemas.conditions import Conditions, FlagCondition, NumberCondition, TextCondition
from schemas.presets import PRESETS
from schemas.settings import BusinessSettings, Contact

ROOT = Path(__file__).parents[2]
STAGES = (ROOT / "docs" / "stages.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLES = [
    (name, block)
    for name in ("README.md", "docs/stages.md", "docs/contacts.md")
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
]


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_every_example_is_a_valid_file(page, block):
    assert BusinessSettings.model_validate(tomllib.loads(block))


@pytest.mark.parametrize("line", re.findall(r"`(when = \{ .*?\})`", STAGES))
def test_every_condition_in_the_text_is_valid(line):
    assert Conditions.model_validate(tomllib.loads(line)["when"])


def test_every_business_key_is_on_the_page_of_configuration():
    tables = (Contact(), BusinessSettings().business, BusinessSettings().mrr)
    keys = [key for table in tables for key in type(table).model_fields]

    assert [
        key for key in [*keys, "precedence", "between"] if f"`{key}`" not in CONFIGURATION
    ] == []


def test_every_field_and_operator_is_on_the_page_of_stages():
    models = (Conditions, TextCondition, NumberCondition, FlagCondition)
    words = {field.alias or key for model in models for key, field in model.model_fields.items()}

    assert [word for word in sorted(words) if f"`{word}`" not in STAGES] == []


def test_the_contacts_example_is_the_default():
    [block] = [block for page, block in EXAMPLES if page == "docs/contacts.md"]

    assert BusinessSettings.model_validate(tomllib.loads(block)) == BusinessSettings()


def test_precedence_of_the_presets_is_on_the_page():
    said = "; and ".join(", ".join(PRESETS[name].precedence) for name in ("basic", "lifecycle"))

    assert f"Precedence: {said}." in STAGES
