"""Settings of a console, read from environment variables that begin with `CONSOLE_`."""

import base64
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("registry", "contracts", "finance", "governance")
_KEY_BYTES = 32


class Settings(BaseSettings):
    """Where the services and the issuer are, and where the console itself is reached."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_", env_ignore_empty=True, extra="ignore", frozen=True)

    registry_url: str
    contracts_url: str
    finance_url: str
    governance_url: str
    provenance_url: str = ""
    """The gatherer of provenance; empty where there is none."""
    branches_url: str = ""
    """The service of branches; empty where there is none."""
    issuer: str
    """The issuer of OpenID Connect, whose discovery document says the rest."""
    issuer_reached_at: str = ""
    """The issuer's address from here, where it is another than `issuer`, which its tokens name."""
    issuer_shown_at: str = ""
    """The issuer's address for browsers, where it is another; a path alone is on the console's own host."""
    client_id: str = "footprint-console"
    client_secret: str = Field(default="", repr=False)
    """For an issuer that wants one; a public client with PKCE has none."""
    scope: str = "openid"
    public_url: str = ""
    """The console's own address, as people reach it; sign-in returns to it.

    Empty: the one under which a request comes. Only for a console that is open to its own machine alone.
    """
    session_file: Path = Path("var/console/sessions.db")
    """SQLite file of the sessions, shared by the console's processes."""
    session_key: str = Field(default="", repr=False)
    """Key of the tokens in that file (Fernet, 32 bytes in base64); empty: one is made and stored beside the file."""
    host: str = "127.0.0.1"
    port: int = 8007
    processes: int = Field(default=2, ge=1, le=32)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"

    @field_validator(*(f"{name}_url" for name in (*SERVICES, "provenance", "branches")), "issuer_reached_at")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return _address(url).rstrip("/")

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, url: str) -> str:
        # As it is written: a slash at the end is a part of its name in tokens.
        return _address(url)

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(_address(url))
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("must be a host, with or without a port: the console has all of its paths")
        # As browsers write it in `Origin`: small letters, and no port that is the usual one.
        usual = {"http": 80, "https": 443}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port not in (None, usual) else ''}"

    @field_validator("session_key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        try:
            fits = not key or len(base64.urlsafe_b64decode(key)) == _KEY_BYTES
        except ValueError:
            fits = False
        if not fits:
            raise ValueError("must be 32 bytes in base64, with - and _ in the places of + and /")
        return key

    def url_of(self, service: str) -> str:
        """Return the address of a service by its name."""
        addresses = {
            "registry": self.registry_url,
            "contracts": self.contracts_url,
            "finance": self.finance_url,
            "governance": self.governance_url,
            "provenance": self.provenance_url.rstrip("/"),
            "branches": self.branches_url.rstrip("/"),
        }
        return addresses[service]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("must be an address that begins with http:// or https://")
    return url
