"""Given secrets that were pasted: what is on the disk, who can open them, and who uses them."""

from __future__ import annotations

import asyncio
import stat

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, select, update

from cli.source import CurrentKeys, scopes_in, until_keyed
from databases import options_of
from streams.secret_store import (
    API_KEY,
    FILE,
    SecretStoreError,
    new_master_key,
    open_secret_store,
    sealed_secrets,
    with_stored_secrets,
)
from streams.settings import ConsoleOptions, Deployment, Source

KEY = SecretStr("rk_test_a_key_that_nobody_may_see")
WHSEC = SecretStr("whsec_nobody_may_see_this")


@pytest.fixture
def options(tmp_path):
    return ConsoleOptions(data=tmp_path / "console", master_key=SecretStr(new_master_key()))


@pytest.fixture
def put(options):
    def _put(source, name, secret):
        with open_secret_store(options) as store:
            store.put(source, name, secret, by="ana", at=1_790_000_000)

    return _put


def opened(options, source="main"):
    with open_secret_store(options) as store:
        return store.opened(source)


def test_what_was_sealed_is_opened_with_the_same_key_and_nobody_else_may_read_the_file(
    options, put
):
    put("main", API_KEY, KEY)
    put("main", "webhook/we_1", WHSEC)

    assert opened(options) == {API_KEY: KEY, "webhook/we_1": WHSEC}
    assert opened(options, "other") == {}
    path = options.data / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY.get_secret_value().encode() not in path.read_bytes()
    assert WHSEC.get_secret_value().encode() not in path.read_bytes()


def test_in_postgresql_it_is_kept_as_well(postgresql_server, tmp_path):
    key = {"master_key": SecretStr(new_master_key())}
    options = options_of("postgresql", tmp_path, postgresql_server).model_copy(update=key)
    deployment = Deployment(console=options, sources={"main": Source()})
    assert with_stored_secrets(deployment) == deployment

    with open_secret_store(options) as store:
        assert store.stored() == []
        store.put("main", API_KEY, KEY, by="ana", at=1)
        store.put("main", API_KEY, KEY, by="bo", at=2)
        assert [each.stored_by for each in store.stored()] == ["bo"]

    assert with_stored_secrets(deployment).sources["main"].api_key == KEY
    with open_secret_store(options) as store:
        assert store.remove("main", API_KEY)


def test_the_same_secret_never_looks_the_same(options, put):
    put("main", API_KEY, KEY)
    put("eu", API_KEY, KEY)
    put("main", "webhook/we_1", KEY)

    rows = read_rows(options)
    assert len({row.nonce for row in rows}) == 3
    assert len({row.sealed for row in rows}) == 3


def test_pasting_again_takes_the_place_of_the_former_and_removing_forgets(options, put):
    put("main", API_KEY, SecretStr("old"))
    put("main", API_KEY, KEY)

    assert opened(options) == {API_KEY: KEY}
    with open_secret_store(options) as store:
        [told] = store.stored()
        assert (told.source, told.name, told.stored_by, told.stored_at) == (
            *("main", API_KEY, "ana"),
            1_790_000_000,
        )
        assert store.remove("main", API_KEY)
        assert not store.remove("main", API_KEY)
    assert opened(options) == {}


def test_under_another_master_key_it_is_not_opened_and_says_what_to_do(options, put):
    put("main", API_KEY, KEY)
    other = options.model_copy(update={"master_key": SecretStr(new_master_key())})

    with pytest.raises(SecretStoreError, match=r"Set the former key, or paste the secret again"):
        opened(other)


@pytest.mark.parametrize("column", ["sealed", "nonce"])
def test_what_was_changed_on_the_disk_is_not_opened(options, put, column):
    put("main", API_KEY, KEY)
    [row] = read_rows(options)
    change(options, **{column: bytes([getattr(row, column)[0] ^ 1]) + getattr(row, column)[1:]})

    with pytest.raises(SecretStoreError, match="it was changed"):
        opened(options)


@pytest.mark.parametrize("moved", [{"source": "eu"}, {"name": "webhook/we_1"}])
def test_a_secret_cannot_be_put_in_another_ones_place(options, put, moved):
    put("main", API_KEY, KEY)
    change(options, **moved)

    with pytest.raises(SecretStoreError):
        opened(options, moved.get("source", "main"))


def test_without_a_master_key_nothing_is_stored_and_it_says_how_to_make_one(options):
    with (
        pytest.raises(SecretStoreError, match="make one with `subfold master-key`"),
        open_secret_store(options.model_copy(update={"master_key": None})),
    ):
        pass
    assert not options.data.exists()


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "AAAA" * 8])
def test_what_is_no_master_key_is_refused(options, key):
    with (
        pytest.raises(SecretStoreError, match="32 bytes in base64"),
        open_secret_store(options.model_copy(update={"master_key": SecretStr(key)})),
    ):
        pass


def test_a_pasted_key_counts_where_file_and_environment_name_none(options, put):
    put("main", API_KEY, KEY)
    put("main", "webhook/we_1", WHSEC)
    put("eu", API_KEY, KEY)
    own = SecretStr("rk_live_of_the_environment")
    deployment = Deployment(
        console=options,
        sources={"main": Source(), "eu": Source(api_key=own, webhook_secrets=(SecretStr("w"),))},
    )

    sources = with_stored_secrets(deployment).sources

    assert sources["main"].api_key == KEY
    assert sources["main"].webhook_secrets == (WHSEC,)
    assert sources["eu"].api_key == own
    assert sources["eu"].webhook_secrets == (SecretStr("w"),)


def test_without_a_store_or_a_key_all_stays_as_it_is_and_no_file_is_made(options):
    deployment = Deployment(console=options, sources={"main": Source()})
    keyless = Deployment(console=ConsoleOptions(data=options.data), sources={"main": Source()})

    assert with_stored_secrets(deployment) == deployment
    assert with_stored_secrets(keyless) == keyless
    assert not options.data.exists()


async def test_who_asks_stripe_waits_for_a_first_key_where_one_may_be_pasted(
    options, put, monkeypatch
):
    monkeypatch.setattr("cli.source.KEY_POLL_S", 0.01)
    deployment = Deployment(console=options, sources={"main": Source()})
    current = CurrentKeys(deployment, None)
    waiting = asyncio.create_task(until_keyed(current))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    put("main", API_KEY, KEY)
    await waiting
    assert [each.source.api_key for each in scopes_in(current().sources, None)] == [KEY]


async def test_without_a_master_key_nobody_waits(options):
    deployment = Deployment(console=ConsoleOptions(data=options.data))
    await until_keyed(CurrentKeys(deployment, None))


def test_no_secret_is_in_what_a_store_or_an_error_says(options, put):
    put("main", API_KEY, KEY)
    with open_secret_store(options) as store:
        told = repr(store.opened("main")) + repr(store.stored()) + repr(options)

    assert KEY.get_secret_value() not in told
    assert options.master_key.get_secret_value() not in told


def engine_of(options):
    return create_engine(f"sqlite:///{options.data / FILE}")


def read_rows(options):
    with engine_of(options).connect() as connection:
        return connection.execute(select(sealed_secrets)).all()


def change(options, **values):
    with engine_of(options).begin() as connection:
        connection.execute(update(sealed_secrets).values(**values))
