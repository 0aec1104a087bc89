"""What the forms of the settings let choose from, in words."""

from __future__ import annotations

from typing import get_args
from zoneinfo import available_timezones

from console.web.condition_lines import FIELDS, FLAGS, NUMBERS, OPERATORS
from schemas.automations import AHEAD, OF_MRR, STAGED, Moment
from schemas.settings import STRIPE_INTERVALS, STRIPE_STATUSES

METADATA = ("metadata:", "a metadata key of ours")
FIELD_WORDS = {
    "status": "status",
    "price": "price id",
    "product": "product id",
    "nickname": "plan nickname",
    "interval": "billing interval",
    "currency": "currency",
    "quantity": "quantity",
    "metadata": "metadata key",
    "mrr": "MRR, in minor units",
    "renewal_period": "renewal period, in days",
    "cancel_scheduled": "cancellation is scheduled",
    "trial_days_left": "days left of the trial",
    "ever_paying": "was ever paying",
}
CHOICES = {
    "kind": (("account", "an account, such as a company"), ("user", "a user, a person")),
    "match": (
        METADATA,
        ("customer_id", "Stripe's customer id"),
        ("email", "the customer's e-mail address"),
    ),
    "look_in": (
        ("customer", "the customer"),
        ("subscription", "its subscriptions"),
        ("checkout_session", "its checkout sessions"),
    ),
    "mrr_figure": (
        ("subscription.mrr", "MRR: what counts now"),
        ("committed_mrr", "committed MRR: without what is scheduled to end"),
        METADATA,
    ),
    "renewal_date": (
        ("subscription.current_period_end", "the end of the current period"),
        ("trial_end", "the end of the trial"),
        METADATA,
    ),
    "renewal_of": (
        ("earliest", "the one that renews first"),
        ("largest", "the one with the largest MRR"),
        ("primary", "the one that is marked as primary"),
    ),
    "zones": sorted(available_timezones()),
    "preset": (
        ("standard", "standard: ours"),
        ("stripe", "stripe: as Stripe's Dashboard counts"),
        ("net", "net: what is charged in the end"),
    ),
    "discounts": (
        ("", "as the preset says"),
        ("forever", "only those for ever"),
        ("recurring", "these and repeating ones"),
        ("all", "all, once ones too"),
    ),
    "cancel_counts": (
        ("", "as the preset says"),
        ("request", "when it is asked for"),
        ("end", "at its end"),
    ),
    "yes_no": (("", "as the preset says"), ("yes", "yes"), ("no", "no")),
    "pause_collection": (
        ("", "as the preset says"),
        ("keep", "it counts"),
        ("exclude", "it counts nothing"),
    ),
    "between": (
        ("precedence", "the stage that is first in the order"),
        ("latest", "the newest subscription that has a stage"),
        ("primary", "the subscription that is marked as primary"),
    ),
    "fields": tuple((name, FIELD_WORDS[name]) for name in FIELDS),
    "operators": tuple(OPERATORS.items()),
    "numbers": NUMBERS,
    "flags": FLAGS,
    "statuses": STRIPE_STATUSES,
    "intervals": STRIPE_INTERVALS,
    "moments": tuple((each, each.replace("_", " ")) for each in get_args(Moment)),
    "per": (
        ("", "as the moment has it"),
        ("subscription", "one subscription"),
        ("customer", "the customer"),
    ),
    "late": (("fire", "tell it all the same"), ("skip", "skip it")),
    "presets": ("basic", "lifecycle"),
    "ahead": AHEAD,
    "staged": STAGED,
    "of_mrr": OF_MRR,
}
ANNOUNCE = (
    (
        "from_now_on",
        "From now on",
        "Pages follow at once; each change is told to your tools with the customer's next event. "
        "Right for most changes.",
    ),
    (
        "now",
        "Now",
        "Every change of the rehearsal is told to your tools at once, as many as it counts. Right "
        "when they must be corrected today.",
    ),
    (
        "silent",
        "Silently",
        "It is adopted and never told: your tools keep what they have until something else "
        "changes. Right when they were corrected by hand.",
    ),
)
