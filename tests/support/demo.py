"""The laptop with its demo loaded, once for all tests that need one, as tests ask it: none changes anything."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.laptop.services import make_databases
from deploy.postgres.server import EmbeddedPostgres
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


def load_demo(folder: Path) -> None:
    """Load the demo into `var` of this folder and stop: nothing runs in it afterwards, so that it can be copied."""
    with Runner(folder / "var", "--port", "0", "--demo-only") as runner:
        assert runner.ends(within=900) == 0, "".join(runner.said)


def make_empty(folder: Path) -> None:
    """Start a laptop without a demo in `var` of this folder and stop it: its databases are made and migrated."""
    with Runner(folder / "var", "--port", "0", "--no-demo") as runner:
        runner.address()
        runner.program.send_signal(signal.SIGTERM)
        assert runner.ends(within=300) == 0, "".join(runner.said)


@contextmanager
def running_demo(loaded: Path, folder: Path) -> Iterator[Demo]:
    """Run the laptop in this folder on a copy of what is loaded in the other one."""
    copy(loaded, folder)
    with Runner(folder / "var", "--port", "0") as runner:
        address = runner.address()
        runner.says("for the same with links", within=300)
        with httpx.Client(base_url=address, timeout=60) as client:
            yield Demo(folder, address, "".join(runner.said), client)


@contextmanager
def loaded_databases(loaded: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Run PostgreSQL alone in this folder on a copy of what is loaded in the other one; gives each service's URL."""
    copy(loaded, folder)
    server = EmbeddedPostgres(folder / "var" / "postgres", {"fsync": "off"})
    server.start()
    try:
        yield make_databases(server)
    finally:
        server.stop()


def copy(loaded: Path, folder: Path) -> None:
    """Copy `var` of one folder into another."""
    # Not by Python's copytree: the files of PostgreSQL belong to the account that it runs as.
    subprocess.run(["cp", "-a", loaded / "var", folder / "var"], check=True)
