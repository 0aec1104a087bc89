"""Where a customer stands is a function of the set of records, under any rules."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from build import ANA, record
from customer_histories import HISTORIES
from projections.standing import standing_of
from schemas.presets import LIFECYCLE, PRESETS
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.updates import ContactChanged
from streams.pipeline import step

ASKING = {
    "precedence": ("Gold", "Late", "Customer", "Rest"),
    "rules": (
        {"name": "Gold", "when": {"mrr": {"greater": 2000}, "status": "active"}},
        {"name": "Late", "when": {"status": {"contains": "past"}, "ever_paying": True}},
        {"name": "Customer", "when": {"status": ["active", "trialing"], "quantity": [1, 2]}},
        {"name": "Rest", "when": {"status": {"not": ["paused", "odd", "novel"]}}},
    ),
}
RULES = st.builds(
    lambda stages, between, of, date: BusinessSettings.model_validate(
        {
            "stages": {**stages, "between": between},
            "business": {"renewal_of": of, "renewal_date": date},
        }
    ),
    st.sampled_from([PRESETS["basic"].model_dump(), LIFECYCLE, ASKING]),
    st.sampled_from(["precedence", "latest", "primary"]),
    st.sampled_from(["earliest", "largest", "primary"]),
    st.sampled_from(["subscription.current_period_end", "trial_end", "metadata:renews"]),
)


def folded(history, rules):
    row, told = None, []
    for offset, body in enumerate(history):
        done = step(row, record(body, offset), SettingsInForce(version=1, content=rules))
        row = done.row or row
        told.extend(update.data for update in done.updates)
    return row, told


@settings(max_examples=200, deadline=None)
@given(HISTORIES, RULES, st.randoms(use_true_random=False))
def test_any_order_of_records_gives_the_same_standing(history, rules, chance):
    def standing(bodies):
        row, _ = folded(bodies, rules)
        return row and standing_of(row.facts, ANA, rules)

    shuffled = list(history)
    chance.shuffle(shuffled)

    assert standing(shuffled) == standing(history)


@settings(deadline=None)
@given(HISTORIES, RULES)
def test_each_change_of_contact_comes_first_and_starts_where_the_last_ended(history, rules):
    row, told = folded(history, rules)
    changes = [update for update in told if isinstance(update, ContactChanged)]
    last = row.announced.contact if row else None

    assert all(change.index == 0 for change in changes)
    assert all(one.contact == other.previous for one, other in pairwise(changes))
    assert not changes or (changes[-1].contact and changes[-1].contact.id) == (last and last.id)
