"""Whatever is asked of the API, it answers as its own OpenAPI document says, and never breaks."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.api.app import make_api
from console.web.app import make_app
from tests.served import served
from web import make_console

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_dict(make_api().openapi())


@pytest.fixture
def address(filled):
    """A console on loopback that nobody set users up for: whoever asks is its admin."""
    with served(make_app(make_console(filled))) as url:
        yield f"{url}/api/v1"


@schema.include(method="GET").parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_it_answers_as_its_document_says(case, address):
    case.call_and_validate(base_url=address, checks=CHECKS)
