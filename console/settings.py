"""Settings of a console, read from environment variables that begin with `CONSOLE_`."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("registry", "contracts", "finance", "governance")


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

    @field_validator("registry_url", "contracts_url", "finance_url", "governance_url", "issuer", "public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be an address that begins with http:// or https://")
        return url.rstrip("/")

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
