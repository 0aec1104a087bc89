from __future__ import annotations

import pytest

from schemas.automations import Automation
from schemas.presets import PRESETS
from schemas.settings import BusinessSettings, Contact, Mrr, Stages
from streams.business_toml import business_toml
from streams.settings import parse_business

ODD = Stages.model_validate(
    {
        "precedence": ['A "big" one', "é"],
        "rules": [
            {"name": 'A "big" one', "when": {"metadata": {"a key": {"not": ["x\ny", "z"]}}}},
            {"name": "é", "when": {"mrr": {"at_least": 1, "less": 5}, "ever_paying": True}},
        ],
    }
)


@pytest.mark.parametrize(
    "content",
    [
        BusinessSettings(),
        BusinessSettings(stages=PRESETS["lifecycle"]),
        BusinessSettings(stages=ODD, contact=Contact(match="metadata:crm id", kind="user")),
        BusinessSettings(mrr=Mrr(preset="net", count_past_due=False), automations=()),
        BusinessSettings(
            automations=(Automation(name="t", on="trial_ending", before=("3d", "12h")),)
        ),
    ],
)
def test_what_is_written_is_read_back_the_same(content):
    assert parse_business(business_toml(content), "settings.toml") == content
