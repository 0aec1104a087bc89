"""The options that verbs share which need settings, and what is said of the settings."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from schemas.conditions import named_texts
from schemas.errors import SettingsError
from schemas.settings import STRIPE_INTERVALS, STRIPE_STATUSES, BusinessSettings
from schemas.times import YEAR_10000
from streams.log.embedded import owner_of
from streams.settings import DEFAULT_FILE, Config, Kafka, load_business, load_config
from streams.settings_errors import suggestion

UP_DATA = Path(".subfold")
"""Where `subfold up` keeps its data, beside the settings file."""
EMBEDDED_PARTITIONS = 4

RulesOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="Business settings, such as subfold.toml; the built-in rules when left out.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="SUBFOLD_CONFIG",
        help="Settings file; subfold.toml in this folder when there is one.",
        show_default=False,
    ),
]


def read_config(path: Path | None, *, finds_kafka: bool = False) -> Config:
    """Read the settings of this process: file, then environment.

    With `finds_kafka`, where no Kafka is named, the one that `subfold up` runs from this folder.
    """
    config = load_config(path, os.environ)
    owner = owner_of(UP_DATA / "kafka") if finds_kafka else None
    if config.deployment.kafka.bootstrap_servers or owner is None:
        return config
    deployment = config.deployment
    kafka = on_embedded(deployment.kafka, owner.address)
    return config.model_copy(update={"deployment": deployment.model_copy(update={"kafka": kafka})})


def on_embedded(kafka: Kafka, address: str) -> Kafka:
    """The same settings, for the Kafka that `subfold up` runs on this machine."""
    chosen: dict[str, object] = {"bootstrap_servers": address, "security_protocol": "PLAINTEXT"}
    if "partitions" not in kafka.model_fields_set:
        chosen["partitions"] = EMBEDDED_PARTITIONS
    return kafka.model_copy(update=chosen)


def rules_to_try(path: Path | None) -> BusinessSettings:
    """The rules of a verb that tries them on files.

    Only a file that is named counts, so that the same command says the same in every folder; one
    that lies here is spoken of, for whoever takes it to be in force.
    """
    if path:
        return load_business(path)
    if DEFAULT_FILE.exists():
        typer.echo(
            f"rules: the built-in ones; for those of {DEFAULT_FILE} add --settings {DEFAULT_FILE}",
            err=True,
        )
    return BusinessSettings()


def warn_of_words(business: BusinessSettings) -> None:
    """Say which words in the rules Stripe does not have, as far as we know: it may add some."""
    for rule in business.stages.rules:
        for field, condition, known in (
            ("status", rule.when.status, STRIPE_STATUSES),
            ("interval", rule.when.interval, STRIPE_INTERVALS),
        ):
            for word in named_texts(condition) if condition else ():
                if word not in known:
                    typer.echo(
                        f"warning: stage {rule.name!r}: Stripe has no {field} {word!r} "
                        f"that we know{suggestion(word, known)}",
                        err=True,
                    )


def parse_time(text: str) -> int:
    """Read ISO 8601 (UTC unless it says otherwise) or Unix seconds.

    Raises:
        SettingsError: It is neither.
    """
    if text.isdecimal() and int(text) < YEAR_10000:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no time: write 2026-11-20T10:00:00Z or Unix seconds"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
