from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from console.read_model.apply import apply
from console.read_model.database import FILE, belong_to, open_read_model, word, writing
from console.read_model.records import Record
from console.read_model.tables import about, accounts
from databases import options_of
from filled import NASTY, fill
from read_model_judge import content
from schemas.errors import SettingsError
from streams.log.topics import CUSTOMERS
from streams.settings import ConsoleOptions


def count_accounts(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(accounts)) or 0


def put_an_account(engine: Engine, year: list[Record]) -> None:
    row = next(record for record in year if record.topic == CUSTOMERS)
    with writing(engine) as connection:
        apply(connection, [row], 1)


def test_a_simulated_year_is_the_same_on_both(engines, year: list[Record], filled: Engine):
    engine = engines()
    with writing(engine) as connection:
        connection.execute(about.delete())

    fill(engine, year)

    assert content(engine) == content(filled)


def test_what_was_made_of_another_cluster_is_thrown_away(engines, year: list[Record]):
    engine = engines()
    assert belong_to(engine, "one")
    put_an_account(engine, year)

    assert belong_to(engine, "one")
    assert count_accounts(engine) == 1
    assert not belong_to(engine, "two")

    assert count_accounts(engine) == 0


def test_what_another_release_made_is_made_anew(tmp_path: Path, year: list[Record]):
    options = ConsoleOptions(data=tmp_path)
    engine = open_read_model(options)
    put_an_account(engine, year)
    with writing(engine) as connection:
        connection.execute(update(about).where(about.c.name == "version").values(value="0"))
        connection.exec_driver_sql("CREATE TABLE of_another_release (x)")
        revision = int(word(connection, "revision") or 0)

    again = open_read_model(options)

    assert count_accounts(again) == 0
    with again.connect() as connection:
        assert int(word(connection, "revision") or 0) > revision


def test_a_file_that_is_deleted_under_a_running_console_is_made_anew(
    tmp_path: Path, year: list[Record]
):
    engine = open_read_model(ConsoleOptions(data=tmp_path))
    put_an_account(engine, year)

    for file in tmp_path.glob(f"{FILE}*"):
        file.unlink()

    with pytest.raises(OperationalError, match="no such table"):
        count_accounts(engine)
    assert belong_to(engine, "one")
    assert count_accounts(engine) == 0


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path):
    file = tmp_path / FILE
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE precious (x)")
    before = file.read_bytes()

    with pytest.raises(SettingsError, match="no read model of subfold's"):
        open_read_model(ConsoleOptions(data=tmp_path))

    assert file.read_bytes() == before


def test_a_schema_that_is_not_ours_is_left_alone(postgresql_server: str, tmp_path: Path):
    options = options_of("postgresql", tmp_path, postgresql_server)
    with writing(open_read_model(options)) as connection:
        for name in ("about", "accounts"):
            connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO precious_{name}")

    with pytest.raises(SettingsError, match="a database of its own"):
        open_read_model(options)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://x:hidden@y/z", "only postgresql://"),
        ("postgresql://x:hidden@127.0.0.1:1/z", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_its_password(url: str, told: str):
    with pytest.raises(SettingsError, match=told) as error:
        open_read_model(ConsoleOptions(database_url=SecretStr(url)))

    assert "hidden" not in str(error.value)


def test_pages_see_one_moment_while_the_reader_writes(engines, year: list[Record]):
    engine = engines()
    with engine.connect() as page:
        before = page.scalar(select(func.count()).select_from(accounts))

        put_an_account(engine, year)

        assert page.scalar(select(func.count()).select_from(accounts)) == before == 0
    assert count_accounts(engine) == 1


def test_an_erased_customer_leaves_nothing_whenever_it_is_read(year: list[Record]):
    erasing = Record(CUSTOMERS, 0, 10**6, 0, NASTY.encode(), None, ())
    all_ = [record for record in year if record.key == NASTY.encode()]
    others = [record for record in all_ if record.topic != CUSTOMERS]

    for records in ([*all_, erasing], [erasing, *others], [*others, erasing]):
        engine = create_engine("sqlite://", poolclass=StaticPool)
        fill(engine, records)

        found = content(engine)
        assert {customer for _, customer in found.pop("erased")} == {NASTY}
        assert "cus_nasty" not in repr({name: found[name] for name in OF_CUSTOMERS})


OF_CUSTOMERS = ("accounts", "account_rows", "account_mrr", "subscriptions", "updates", "objects")
OF_CUSTOMERS += ("stage_changes", "mrr_movements", "moments", "events", "armed", "renewals")
