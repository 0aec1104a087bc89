"""Ready-made stages, as `subfold init` writes them; whoever uses one owns the copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.settings import Stages

LIFECYCLE: Mapping[str, Any] = {
    "precedence": ("Customer", "At risk", "Trial", "Paused", "Pending", "Churned", "Lost"),
    "rules": (
        {"name": "Pending", "when": {"status": ("incomplete",)}},
        {"name": "Trial", "when": {"status": ("trialing",)}},
        {"name": "Customer", "when": {"status": ("active",)}},
        {"name": "At risk", "when": {"status": ("past_due",)}},
        {"name": "Paused", "when": {"status": ("paused",)}},
        {"name": "Churned", "when": {"status": ("unpaid",)}},
        {"name": "Churned", "when": {"status": ("canceled",), "ever_paying": True}},
        {"name": "Lost", "when": {"status": ("canceled", "incomplete_expired")}},
    ),
}
PRESETS: Mapping[str, Stages] = {
    "basic": Stages(),
    "lifecycle": Stages.model_validate(LIFECYCLE),
}
"""`basic` is what holds without any file: three stages by status. `lifecycle` tells apart who never
paid, who is late and who is paused."""
