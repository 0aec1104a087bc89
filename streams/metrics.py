"""Every metric of subfold, with what it counts. No customer ids or event types as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

webhook_requests = Counter(
    "subfold_webhook_requests_total", "Requests at the webhook door.", ["source", "outcome"]
)
webhook_seconds = Histogram(
    "subfold_webhook_request_duration_seconds", "From the first byte to the answer, at the door."
)
webhook_secrets = Counter(
    "subfold_webhook_secrets_used_total",
    "Requests let in, by the place of their secret in the configuration, from 0: one that counts "
    "no more can be taken out.",
    ["source", "entrance", "secret"],
)
webhook_clock_skew_seconds = Histogram(
    "subfold_webhook_clock_skew_seconds",
    "This machine's time less the time in Stripe's signature, of all that is signed. Alarm on a "
    "median beyond a minute: this clock is wrong, and at five minutes nothing is let in.",
    buckets=(-300, -60, -10, -1, 0, 1, 10, 60, 300),
)
webhook_api_versions = Counter(
    "subfold_webhook_api_version_mismatches_total",
    "Webhook events in another API version than the one that is asked for, at sources with an API "
    "key: alarm on any. They are stored and folded; `subfold connect --replace` mends it.",
    ["source"],
)
events = Counter(
    "subfold_events_total",
    "Records of the log, by what became of them, counted when their transaction is committed.",
    ["outcome"],
)
dead_letters = Counter("subfold_dead_letters_total", "Dead letters written.", ["reason"])
updates = Counter("subfold_updates_total", "Updates written.", ["type"])
transactions = Counter("subfold_transactions_total", "Transactions committed.")
transaction_seconds = Histogram(
    "subfold_transaction_duration_seconds", "From the first record folded to the commit."
)
unknown_statuses = Counter(
    "subfold_unknown_statuses_total",
    "Times that a customer's subscription came into a status that Stripe did not have when this "
    "release was made and that no stage rule names: alarm on any.",
)
ticks = Counter(
    "subfold_ticks_total",
    "Ticks of the clock: written, and ignored, which is to say that they left their row as due as "
    "it was. Alarm on any that was ignored: the clock of this machine is more than five minutes "
    "ahead of the broker's, or the ticks are among the dead letters.",
    ["outcome"],
)
timers = Gauge("subfold_timers", "Rows that will be due at some time.", ["partition"])
tick_lag_seconds = Gauge(
    "subfold_tick_lag_seconds",
    "How late the earliest of the last ticks was, or is while it waits to be written.",
    ["partition"],
)
rows = Gauge("subfold_rows", "Customer rows held.", ["partition"])
position = Gauge("subfold_position", "Next offset of the log to be folded.", ["partition"])
unaccounted = Gauge(
    "subfold_unaccounted_offsets",
    "Offsets of the log that were passed and held no record. Alarm on any but 0: one was lost, "
    "or somebody wrote transactions into the log.",
    ["partition"],
)
lag_seconds = Gauge(
    "subfold_event_lag_seconds", "Age of the newest folded record when committed.", ["partition"]
)
older_rows = Gauge(
    "subfold_rows_of_older_settings",
    "Rows that are still to be told by new settings.",
    ["partition"],
)
recovery_seconds = Gauge("subfold_recovery_seconds", "How long the last reading of rows took.")
drift_open = Gauge(
    "subfold_drift_open_customers",
    "Customers whose row differed from Stripe at the last check: alarm when it stays above 0.",
    ["account"],
)
drift_found_24h = Gauge(
    "subfold_drift_found_24h_customers", "Customers found to differ in the last day.", ["account"]
)
oldest_unverified_age_seconds = Gauge(
    "subfold_oldest_unverified_age_seconds",
    "For how long nobody has compared all rows with Stripe: alarm above two days.",
    ["account"],
)
last_check_broken = Gauge(
    "subfold_last_check_broken",
    "1 when the last comparison with Stripe broke off: it proved nothing. Alarm on 1.",
    ["account"],
)
last_full_check_at = Gauge(
    "subfold_last_full_check_timestamp_seconds", "When the last whole check began.", ["account"]
)
caught_up_until = Gauge(
    "subfold_caught_up_until_timestamp_seconds",
    "All events of before this are in the log: alarm when it falls behind by minutes.",
    ["account"],
)
console_lag = Gauge(
    "subfold_console_lag_offsets", "Offsets that the console has not read yet.", ["topic"]
)
console_requests = Counter(
    "subfold_console_requests_total", "Answers of the console, by HTTP status.", ["status"]
)
console_seconds = Histogram(
    "subfold_console_request_duration_seconds",
    "From a request to the beginning of its answer, pages and API; neither files nor `/live`.",
)
OF_PARTITION = (older_rows, rows, position, unaccounted, lag_seconds, timers, tick_lag_seconds)
"""Gauges of a partition, which go when it is lost."""
