"""Reads `subfold.toml` and the environment; the environment wins, key by key.

The business part of the file (see schemas/settings.py) becomes a record of the log; the rest, read
here, is deployment and never leaves the process. Secrets are `SecretStr`; each may come from a file
named by the same variable with `_FILE`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.v1.utils import deep_update
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas.errors import SettingsError
from schemas.settings import BusinessSettings
from streams.settings_errors import explain, suggestion

DEFAULT_FILE = Path("subfold.toml")
PREFIX = "SUBFOLD_"
WELL_KNOWN = {
    "DATABASE_URL": "SUBFOLD_CONSOLE__DATABASE_URL",
    "KAFKA_BOOTSTRAP_SERVERS": "SUBFOLD_KAFKA__BOOTSTRAP_SERVERS",
    "STRIPE_API_BASE": "SUBFOLD_SOURCES__MAIN__API_BASE",
    "STRIPE_API_KEY": "SUBFOLD_SOURCES__MAIN__API_KEY",
    "STRIPE_WEBHOOK_SECRET": "SUBFOLD_SOURCES__MAIN__WEBHOOK_SECRETS",
    "SUBFOLD_MASTER_KEY": "SUBFOLD_CONSOLE__MASTER_KEY",
}
BUSINESS_TABLES = frozenset(BusinessSettings.model_fields)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(_Table):
    """How to reach the cluster, and what subfold's topics are like on it."""

    bootstrap_servers: str | None = None
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    oauth_token_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_scope: str | None = None
    ssl_ca_file: Path | None = None
    ssl_certificate_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: SecretStr | None = None
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$")] = ""
    partitions: Annotated[int, Field(ge=1, le=1024)] = 12
    replication_factor: Annotated[int, Field(ge=1)] | None = None
    min_insync_replicas: Annotated[int, Field(ge=1)] | None = None


class Ingest(_Table):
    """The webhook door."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class Worker(_Table):
    """The folding process. `application` names its consumer group and transactional ids.

    `dead_letters_max` of a partition's last 200 records may die of what may be ours; 200 is no
    limit.
    """

    application: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = "subfold"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    dead_letters_max: Annotated[int, Field(ge=0, le=200)] = 100


class ConsoleOptions(_Table):
    """The pages and the API over them.

    `data` is the folder of its SQLite files; with `database_url` they are schemas in PostgreSQL.
    `master_key` seals secrets that are pasted into pages.
    `public_url` is the address that browsers use when a proxy stands before it. A user whom
    `proxy_user_header` names is logged in, when the request comes from one of `trusted_proxies`
    (addresses or networks): whoever can reach it from there can be anybody.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8090
    data: Path = Path(".subfold/console")
    database_url: SecretStr | None = None
    master_key: SecretStr | None = None
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    proxy_user_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()

    @model_validator(mode="after")
    def _header_needs_proxies(self) -> Self:
        if self.proxy_user_header and not self.trusted_proxies:
            raise ValueError("proxy_user_header needs trusted_proxies: whom else to believe it")
        return self


ApiKey = Annotated[SecretStr, Field(min_length=32)]


class Source(_Table):
    """One Stripe account or platform; its door is `POST /webhooks/stripe/{id}`.

    `accounts` are the connected accounts it may speak for besides itself (`*` for all).
    `test` lets test-mode events in; what they make goes to topics under `test.`. `api_key` is for
    all that asks Stripe; `api_base` is where a stand-in for Stripe's API listens.
    `eventbridge_secrets` open `POST /eventbridge/{id}`, and nothing else does. Unlike a signature
    they go over the wire with each event, so none may be short enough to be guessed.
    """

    accounts: tuple[str, ...] = ()
    livemode: bool = True
    test: bool = False
    webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    eventbridge_secrets: Annotated[tuple[ApiKey, ...], NoDecode] = ()
    api_key: SecretStr | None = None
    api_base: str | None = None

    @field_validator("api_key", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        """Secrets of container platforms often end in a line break, which no header takes."""
        return value.strip() if isinstance(value, str) else value

    @field_validator("webhook_secrets", "eventbridge_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


class Logs(_Table):
    """How log lines are written: `console` for people, `json` for machines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


SOURCE_ID = r"[a-z0-9-]{1,32}"
SourceId = Annotated[str, Field(pattern=rf"^{SOURCE_ID}$")]


class Deployment(BaseSettings):
    """Everything that differs from one installation to the next. Never in the log."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    kafka: Kafka = Kafka()
    ingest: Ingest = Ingest()
    worker: Worker = Worker()
    console: ConsoleOptions = ConsoleOptions()
    logs: Logs = Logs()
    sources: dict[SourceId, Source] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments alone: `load_config` merges file and environment before."""
        return (init_settings,)


class _Environment(EnvSettingsSource):
    """Pydantic's reader of nested variables, over a given mapping instead of the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Deployment)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}


class Config(_Table):
    """Both parts of the configuration, and the file they came from, if there was one."""

    path: Path | None
    deployment: Deployment
    business: BusinessSettings


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the file (or `subfold.toml` here, if there is one) and the environment.

    Raises:
        SettingsError: Naming file, line and nearest valid word, or the environment variable.
    """
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    return _config(path, _read(path) if path else "", environ)


def parse_business(text: str, name: str) -> BusinessSettings:
    """Read the business part of a text as it would stand in a file of that name.

    Raises:
        SettingsError: As `load_config`.
    """
    return _config(Path(name), text, {}).business


def _config(path: Path | None, text: str, environ: Mapping[str, str]) -> Config:
    tables = _parse(path, text)
    business = {key: value for key, value in tables.items() if key in BUSINESS_TABLES}
    deployment = {key: value for key, value in tables.items() if key not in BUSINESS_TABLES}
    deployment["sources"] = _sources_by_id(path, deployment.get("sources"))
    try:
        variables = _Environment(_effective(environ))()
        return Config(
            path=path,
            deployment=Deployment(**deep_update(deployment, variables)),
            business=BusinessSettings.model_validate(business),
        )
    except ValidationError as error:
        raise SettingsError(explain(error, path, text, deployment=Deployment)) from None


def load_business(path: Path) -> BusinessSettings:
    """Read only the business part of a file, for trying rules without a deployment.

    Raises:
        SettingsError: As `load_config`.
    """
    return load_config(path, {}).business


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: cannot be read: it is not UTF-8 text") from error


def _parse(path: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def _sources_by_id(path: Path | None, rows: Any) -> dict[str, dict[str, Any]]:
    """Turn `[[sources]]` into a table by id; without any, there is `main`, open to test mode."""
    if rows is None:
        return {"main": {"test": True}}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise SettingsError(f'{path}: each source is written [[sources]] with an id = "..."')
    if len({row["id"] for row in rows}) < len(rows):
        raise SettingsError(f"{path}: two [[sources]] have the same id")
    return {row["id"]: {key: row[key] for key in row if key != "id"} for row in rows}


def _effective(environ: Mapping[str, str]) -> dict[str, str]:
    """Give well-known variables our names, and read what `..._FILE` variables point to."""
    found: dict[str, str] = {}
    for name, value in environ.items():
        base = name.removesuffix("_FILE")
        ours = WELL_KNOWN.get(base, base)
        is_known = name in WELL_KNOWN or base in WELL_KNOWN
        if not (ours.startswith(PREFIX) and ("__" in ours or is_known)):
            continue
        if is_file_variable(name):
            if value:  # a variable that is there and empty, as compose files have it, names none
                found[ours] = _named(name, value)
        elif not (is_known and ours in environ):
            found[ours] = value
    _refuse_unknown(found)
    return found


def _named(variable: str, path: str) -> str:
    try:
        return _read(Path(path)).strip()
    except SettingsError as error:
        raise SettingsError(f"environment: {variable}: {error}") from error


def is_file_variable(name: str) -> bool:
    """Whether a variable names a file that holds the value, as `..._PASSWORD_FILE` does.

    `SUBFOLD_KAFKA__SSL_CA_FILE` is a path by nature and stays as it is.
    """
    return name.endswith("_FILE") and not re.search(r"__SSL_(CA|CERTIFICATE|KEY)_FILE$", name)


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    for name in variables:
        table = name.removeprefix(PREFIX).split("__")[0].lower()
        if table not in Deployment.model_fields:
            raise SettingsError(
                f"environment: {name}: there is no table [{table}]"
                f"{suggestion(table, Deployment.model_fields)}"
            )
