from __future__ import annotations

import pytest

from stripe_side import ListLog, door_of


@pytest.fixture
def log():
    return ListLog()


@pytest.fixture
def app(log):
    return door_of(log)
