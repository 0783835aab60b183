"""What a test needs to call a service as somebody: tokens of an issuer of its own, settings, and a client."""

import json
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from deploy.laptop.issuer import SigningKey
from libs.common.identity import Role
from libs.common.service.settings import Settings

ISSUER = "https://issuer.test"
AUDIENCE = "footprint-test"

# Left alone, structlog draws traces with every local variable: 15 seconds for one.
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
    ]
)


class Tokens:
    """A token issuer for tests; its public keys are in a file."""

    def __init__(self, folder: Path) -> None:
        self.key = SigningKey(folder)
        self._keys_file = folder / "keys.json"
        self._keys_file.write_text(json.dumps(self.key.public()))
        self._signed: dict[Hashable, str] = {}

    def settings(self, database_url: str, **others: Any) -> Settings:
        """Settings of a service that trusts these tokens."""
        given = {
            "database_url": database_url,
            "token_issuer": ISSUER,
            "token_audience": AUDIENCE,
            "jwks_url": f"file://{self._keys_file}",
            "clock_movable": True,
        }
        return Settings(**{**given, **others})

    def claims(
        self, *roles: Role, subject: str = "somebody", organisations: tuple[str, ...] = ("*",)
    ) -> dict[str, Any]:
        """The claims of a good token."""
        now = int(time.time())
        return {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "roles": [str(role) for role in roles],
            "organisations": list(organisations),
        }

    def header(
        self, *roles: Role, subject: str = "somebody", organisations: tuple[str, ...] = ("*",)
    ) -> dict[str, str]:
        """The header of somebody with these roles who acts for these organisations: one token, for a minute."""
        asked = (roles, subject, organisations, int(time.time()) // 60)
        if asked not in self._signed:
            self._signed[asked] = self.key.sign(self.claims(*roles, subject=subject, organisations=organisations))
        return {"Authorization": f"Bearer {self._signed[asked]}"}


def version_in(answer: httpx.Response) -> int | None:
    """The version in the tag of a read; None of what has no version for the caller."""
    version, _, content = answer.headers["ETag"].removeprefix("W/").strip('"').rpartition(".")
    assert content
    return int(version) if version else None


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """One issuer for the session."""
    return Tokens(tmp_path_factory.mktemp("issuer"))


@asynccontextmanager
async def running(app: FastAPI, headers: dict[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that runs with all its background tasks."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://service.test", headers=headers or {}
        ) as client,
    ):
        yield client
