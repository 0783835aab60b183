"""Settings of a deployment, read from environment variables and refused at start if they are wrong."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MOST_CONNECTIONS = 20
"""Maximum of PostgreSQL connections for one service: four services then leave room on a server of 100."""

_SECRET = frozenset({"database_url", "log_urls", "kafka_password"})


class SettingsRefused(Exception):
    """The environment's settings are wrong; the message lists every variable, its value and the reason."""


class DatabaseSettings(BaseSettings):
    """Settings that every command of a service needs, `migrate` included."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = Field(repr=False)
    """PostgreSQL, as `postgresql+asyncpg://user:password@host:5432/registry`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    """`json` for machines, one object a line; `text` for people."""

    @field_validator("database_url")
    @classmethod
    def _names_postgresql(cls, url: str) -> str:
        for scheme in ("postgresql+asyncpg://", "postgresql://", "postgres://"):
            if url.startswith(scheme):
                return "postgresql+asyncpg://" + url.removeprefix(scheme)
        raise ValueError("must begin with postgresql+asyncpg://")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment, overridden by `given`. Raises SettingsRefused with everything that is wrong."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsRefused(_explained(error)) from None


class BusSettings(DatabaseSettings):
    """Settings that the commands about events need besides the database."""

    bus: Literal["direct", "kafka"] = "direct"
    """The bus: `direct` (subscribers read the publishers' own logs) or `kafka`."""
    log_urls: dict[str, str] = Field(default_factory=dict, repr=False)
    """For the direct bus: each publisher's database, as JSON `{"registry": "postgresql+asyncpg://..."}`."""
    kafka_bootstrap: str = ""
    """One or more of the brokers, as `host:port,host:port`."""
    kafka_topic_prefix: str = "footprint."
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    kafka_ca_file: str = ""
    """The brokers' certificate authority, unless this machine trusts it already."""
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: str = Field(default="", repr=False)

    @field_validator("kafka_ca_file")
    @classmethod
    def _is_there(cls, file: str) -> str:
        if file and not Path(file).is_file():
            raise ValueError("there is no such file")
        return file

    @model_validator(mode="after")
    def _reaches_kafka(self) -> Self:
        if self.bus == "kafka" and not self.kafka_bootstrap:
            raise ValueError("BUS = 'kafka' needs KAFKA_BOOTSTRAP")
        if self.kafka_security.startswith("sasl") and not (self.kafka_user and self.kafka_password):
            raise ValueError(f"KAFKA_SECURITY = {self.kafka_security!r} needs KAFKA_USER and KAFKA_PASSWORD")
        return self


class Settings(BusSettings):
    """Settings of a serving process."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)

    token_issuer: str
    """The required `iss` of tokens."""
    token_audience: str
    """This service's name in a token's `aud`."""
    jwks_url: str
    """URL of the issuer's public keys: `https://...`, or `file:///...` for a mounted file.

    `http://` is accepted for an issuer on this machine alone: whoever changes the keys on their way makes any token.
    """
    token_url: str = ""
    """Where people get a token, for "Authorize" on the OpenAPI page."""

    pool_size: int = Field(default=5, ge=1)
    """Connections for commands, and the same number again for reads."""
    bulk_pool_size: int = Field(default=2, ge=1)
    """Connections for reads over everything, such as exports and whole lists as CSV."""
    bulk_seconds: int = Field(default=30, ge=1)
    """Seconds after which one statement of such a read is given up."""
    own_connections: int = Field(default=8, ge=4)
    """Connections outside the pools: sequencer, consumer, wake-up, and a preview of an import."""

    requests_a_minute: int = Field(default=0, ge=0)
    """The requests that one caller may send to this process in a minute; 0: any number."""
    max_body_bytes: int = Field(default=1_000_000, ge=1_000)
    max_upload_bytes: int = Field(default=200_000_000, ge=1_000)
    """The largest file that is taken, as it is sent; it has to arrive within BODY_SECONDS."""
    max_unpacked_bytes: int = Field(default=1_000_000_000, ge=1_000)
    """The most bytes of such a file when it is unpacked."""
    max_url_bytes: int = Field(default=8_192, ge=1_000)
    max_header_bytes: int = Field(default=32_768, ge=8_192)
    """The largest first line and headers of a request, together."""
    max_open_connections: int = Field(default=500, ge=10)
    """How many clients may be connected; one more is refused. Keep it well below the limit of open files."""
    header_seconds: int = Field(default=10, ge=1)
    """Seconds within which the headers have to arrive, on a new connection or after the first byte of a request."""
    body_seconds: int = Field(default=60, ge=1)
    """Seconds within which the body has to arrive after the headers."""
    reading_seconds: int = Field(default=60, ge=1)
    """Seconds within which a client has to take what waits to be sent."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web origins that may call this service, separated by commas, as `https://dashboards.example`."""
    ocid_prefix: str = Field(default="ocds-000000", pattern=r"^ocds-[a-z0-9]{6}$")
    """The prefix of the ids of contracting processes, which the Open Contracting Partnership registers for you."""
    idempotency_hours: int = Field(default=24, ge=1)
    """How long the response to an Idempotency-Key is stored."""
    webhook_targets: Literal["public", "loopback", "none"] = "public"
    """Where webhooks are sent: to the public internet, to this machine too (a laptop, tests), or nowhere."""
    clock_movable: bool = False
    """Whether an operator may move the clock. For demonstrations and tests, never for the real record."""
    background: bool = True
    """Whether this process also publishes, consumes and does due work; false: it answers, another one does these."""
    otlp_endpoint: str = Field(default="", pattern=r"^(https?://.+)?$")
    """Where traces go by OTLP/HTTP, as `http://collector:4318/v1/traces`; empty: there are none."""
    trace_ratio: float = Field(default=1.0, ge=0, le=1)
    """The share of the requests without a trace of their caller's of which there is one."""
    stop_seconds: int = Field(default=10, ge=1)
    """How long a stop waits for requests in flight."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in value if not origin.startswith(("http://", "https://")) or origin.endswith("/")]
        if wrong:
            raise ValueError(f"not an origin such as https://dashboards.example: {', '.join(wrong)}")
        return value

    @field_validator("jwks_url")
    @classmethod
    def _is_reachable(cls, url: str) -> str:
        if url.startswith("file://") and not Path(url.removeprefix("file://")).is_file():
            raise ValueError("there is no such file")
        if url.startswith("http://") and _is_loopback(urlsplit(url).hostname or ""):
            return url
        if not url.startswith(("https://", "file://")):
            raise ValueError("must begin with https:// or file://, or be http:// on this machine")
        return url

    @model_validator(mode="after")
    def _leaves_connections(self) -> Self:
        total = 2 * self.pool_size + self.bulk_pool_size + self.own_connections
        if total > MOST_CONNECTIONS:
            raise ValueError(
                f"POOL_SIZE twice, BULK_POOL_SIZE and OWN_CONNECTIONS make {total} connections; a service may use "
                f"{MOST_CONNECTIONS}"
            )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _explained(error: ValidationError) -> str:
    lines = [_line(problem) for problem in error.errors()]
    return "\n".join(["These settings are wrong:", *lines])


def _line(problem: Any) -> str:
    reason = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return f"  {reason}"
    name = str(problem["loc"][0])
    if problem["type"] == "missing":
        return f"  {name.upper()} is not set, but required"
    shown = "(not shown)" if name in _SECRET else repr(problem["input"])
    return f"  {name.upper()} = {shown}: {reason}"
