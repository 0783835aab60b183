"""The laptop with its demo loaded, as tests ask it: none changes anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.deploy.laptops import Runner


@dataclass
class Demo:
    """A running laptop: where its data are in `var`, its address, and what it said when it started."""

    folder: Path
    address: str
    said: str
    client: httpx.Client
    _tokens: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, *, user: str = "commissioner", **request: Any) -> httpx.Response:
        """Send a request as one of the demo's users."""
        headers = {"Authorization": f"Bearer {self.token(user)}", **request.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **request)

    def token(self, user: str = "commissioner") -> str:
        """Return a token of one of the demo's users."""
        if user not in self._tokens:
            form = {"grant_type": "password", "username": user, "password": "demo"}
            self._tokens[user] = self.client.post("/issuer/token", data=form).json()["access_token"]
        return self._tokens[user]

    def document(self, service: str) -> dict[str, Any]:
        """Return a service's OpenAPI document, as the laptop serves it."""
        served: dict[str, Any] = self.client.get(f"/{service}/openapi.json").json()
        return served


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run the laptop in this folder, which everybody may enter, until its demo is loaded."""
    with Runner(folder / "var", "--port", "0") as runner:
        address = runner.address()
        runner.says("for the same with links", within=300)
        with httpx.Client(base_url=address, timeout=60) as client:
            yield Demo(folder, address, "".join(runner.said), client)
