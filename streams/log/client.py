"""How every Kafka client of subfold connects: one place for addresses, TLS and SASL."""

from __future__ import annotations

from typing import TypedDict

import aiohttp
from aiokafka.abc import AbstractTokenProvider
from aiokafka.helpers import create_ssl_context

from schemas.errors import SettingsError
from streams.settings import Kafka

TOKEN_TIMEOUT_S = 10


class OAuthClient(AbstractTokenProvider):  # type: ignore[misc] # aiokafka ships no types
    """Gets a token by OAuth's client credentials grant (RFC 6749, section 4.4)."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    async def token(self) -> str:
        """Ask the token endpoint once; aiokafka asks again at each new connection."""
        kafka = self._kafka
        assert kafka.oauth_token_url  # noqa: S101 - checked in `connection`
        form = {"grant_type": "client_credentials"}
        if kafka.oauth_scope:
            form["scope"] = kafka.oauth_scope
        secret = kafka.oauth_client_secret
        login = aiohttp.BasicAuth(
            kafka.oauth_client_id or "", secret.get_secret_value() if secret else ""
        )
        timeout = aiohttp.ClientTimeout(total=TOKEN_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
            session.post(
                kafka.oauth_token_url, data=form, auth=login, allow_redirects=False
            ) as answer,
        ):
            return str((await answer.json())["access_token"])


class Connection(TypedDict, total=False):
    """Arguments that every aiokafka client takes."""

    bootstrap_servers: str
    security_protocol: str
    ssl_context: object
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str
    sasl_oauth_token_provider: OAuthClient


def connection(kafka: Kafka) -> Connection:
    """Build the arguments for an aiokafka client from `[kafka]`.

    Raises:
        SettingsError: No address is given, or what the chosen protocol needs is missing.
    """
    if not kafka.bootstrap_servers:
        raise SettingsError(
            "no Kafka is named: set [kafka] bootstrap_servers or KAFKA_BOOTSTRAP_SERVERS, "
            "or start everything on this machine with `subfold up`"
        )
    arguments = Connection(
        bootstrap_servers=kafka.bootstrap_servers, security_protocol=kafka.security_protocol
    )
    if kafka.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = _ssl_context(kafka)
    if kafka.security_protocol.startswith("SASL"):
        arguments.update(_sasl(kafka))
    return arguments


def _ssl_context(kafka: Kafka) -> object:
    password = kafka.ssl_key_password
    try:
        return create_ssl_context(
            cafile=str(kafka.ssl_ca_file) if kafka.ssl_ca_file else None,
            certfile=str(kafka.ssl_certificate_file) if kafka.ssl_certificate_file else None,
            keyfile=str(kafka.ssl_key_file) if kafka.ssl_key_file else None,
            password=password.get_secret_value() if password else None,
        )
    except OSError as error:
        raise SettingsError(f"kafka.ssl_*_file: cannot be used: {error}") from error


def _sasl(kafka: Kafka) -> Connection:
    if kafka.sasl_mechanism is None:
        raise SettingsError(f"kafka.sasl_mechanism is needed for {kafka.security_protocol}")
    if kafka.sasl_mechanism == "OAUTHBEARER":
        if not kafka.oauth_token_url:
            raise SettingsError("kafka.oauth_token_url is needed for OAUTHBEARER")
        return Connection(
            sasl_mechanism=kafka.sasl_mechanism, sasl_oauth_token_provider=OAuthClient(kafka)
        )
    if not kafka.sasl_username or not kafka.sasl_password:
        raise SettingsError(
            f"kafka.sasl_username and kafka.sasl_password are needed for {kafka.sasl_mechanism}"
        )
    return Connection(
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_plain_username=kafka.sasl_username,
        sasl_plain_password=kafka.sasl_password.get_secret_value(),
    )
