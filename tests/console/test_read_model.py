from __future__ import annotations

from sqlalchemy import Engine, func, select

from console.read_model.tables import accounts
from filled import SIMULATED


def test_every_simulated_customer_has_an_account(filled: Engine):
    with filled.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(accounts))

    assert found == SIMULATED + 2
