"""Every error of the pipeline, sorted by what the shell does with it.

SubfoldError
├── BadRecordError     the record is wrong: dead-letter it whole, go on
├── SettingsError      the operator's file or environment is wrong: say what to do, exit 2
└── BrokerError        the cluster is not as promised, or not there: say what to do, exit 1
"""

from __future__ import annotations

from enum import StrEnum


class SubfoldError(Exception):
    """Base of all errors that subfold raises on purpose; its text is fit for users."""


class DeadLetterReason(StrEnum):
    """Why a record can never be folded. Stored in dead letters for ever: never rename."""

    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    FOREIGN_ACCOUNT = "foreign_account"
    BAD_OBJECT = "bad_object"
    ROW_TOO_LARGE = "row_too_large"
    NOT_OURS = "not_ours"
    BAD_SETTINGS = "bad_settings"
    BUG = "bug"
    CRASH = "crash"


class BadRecordError(SubfoldError):
    """The record cannot be folded, now or ever.

    Args:
        reason: The closed word by which dead letters are listed and driven again.
        message: What is wrong, by field names and types; never values: they may be personal.
    """

    def __init__(self, reason: DeadLetterReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SettingsError(SubfoldError):
    """A settings file or a variable is wrong; the text says where and what is meant."""


class BrokerError(SubfoldError):
    """Kafka is not reachable or not as subfold needs it; the text says what to do."""
