"""The text of a new subfold.toml: every business table, commented, and the rules of a preset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.presets import PRESETS
from schemas.settings import BusinessSettings
from streams.business_toml import toml_tables, toml_value

TEXT = """\
# What Stripe's data mean to you: see docs/configuration.md. Try changes on an export with
# `subfold fold events.jsonl --state --settings subfold.toml`, then bring them into the log with
# `subfold settings apply`. Preset of the stages: {preset}.

[contact]
kind = "account"                  # what a Stripe customer is to you: "account" or "user"
match = "metadata:account_id"     # where your own id is found; or "customer_id", "email"
look_in = ["customer", "subscription", "checkout_session"]  # whose metadata, the first that has it
create_missing = false            # whether readers should create what they do not find

[business]
mrr = "subscription.mrr"          # or "committed_mrr", "metadata:<key>"
renewal_date = "subscription.current_period_end"  # or "trial_end", "metadata:<key>"
renewal_of = "earliest"           # of several subscriptions: or "largest", "primary"
primary = "metadata:primary"      # the key that marks a customer's main subscription
time_zone = "UTC"                 # whose days "30d before" counts; or "Europe/Berlin" …

[mrr]
preset = "standard"               # or "stripe", "net"; a switch below overrides it
# discounts = "recurring"         # which are subtracted: or "forever", "all"
# cancel_counts = "end"           # a scheduled cancellation counts then; or at its "request"
# count_past_due = true
# pause_collection = "keep"       # or "exclude": nothing while collection is paused for good
# weeks_per_month = "52/12"
# days_per_month = "365/12"

# Rules are tried in this order on one subscription; the first that holds gives its stage.
# Conditions: status, price, product, nickname, interval, quantity, metadata, currency, mrr,
# cancel_scheduled, renewal_period, trial_days_left, ever_paying. See docs/stages.md, and
# `subfold statuses`.
[stages]
precedence = {precedence}
between = {between}            # who decides between subscriptions; or "latest", "primary"
{rules}
# Moments that call for action; see docs/automations.md. One more that you may want:
# [[automations]]
# name = "trial-3d"
# on = "trial_ending"
# before = "3d"
{automations}"""


def settings_text(preset: str) -> str:
    """Write a settings file that means exactly the preset."""
    settings = BusinessSettings(stages=PRESETS[preset])
    stages = settings.stages
    return TEXT.format(
        preset=preset,
        precedence=toml_value(stages.precedence),
        between=toml_value(stages.between),
        rules="\n".join(_tables("stages.rules", stages.rules)),
        automations="\n".join(_tables("automations", settings.automations)),
    )


def _tables(name: str, models: Any) -> Iterator[str]:
    return toml_tables(
        name, (model.model_dump(mode="json", exclude_defaults=True) for model in models)
    )
