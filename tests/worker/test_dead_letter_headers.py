from __future__ import annotations

from fetched import fetched
from schemas.errors import BadRecordError, DeadLetterReason
from streams.worker.dead_letters import dead_letter


def test_a_dead_letter_says_where_it_was_and_why_in_kafka_connects_words():
    record = fetched(b"{", 7)
    error = BadRecordError(DeadLetterReason.NOT_JSON, "the body is no JSON")

    assert dict(dead_letter(record, error).headers) == dict(record.headers) | {
        "__connect.errors.topic": b"stripe.events.v1",
        "__connect.errors.partition": b"3",
        "__connect.errors.offset": b"7",
        "__connect.errors.stage": b"TRANSFORMATION",
        "__connect.errors.class.name": b"streams.pipeline",
        "__connect.errors.exception.class.name": b"schemas.errors.BadRecordError",
        "__connect.errors.exception.message": b"the body is no JSON",
        "reason": b"not_json",
    }


def test_of_a_bug_only_the_class_is_told():
    letter = dead_letter(fetched(b"{"), ValueError("ana@example.com"))

    headers = dict(letter.headers)
    assert headers["__connect.errors.exception.class.name"] == b"builtins.ValueError"
    assert headers["__connect.errors.exception.message"] == b""
    assert headers["reason"] == b"bug"
