"""What the image would hold, in a folder of its own: its commands run there, on a real PostgreSQL and a real Kafka.

No container engine builds or runs the image here: what it copies, sets and starts is read from the Dockerfile.
"""

import asyncio
import json
import re
import shutil
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.kafka import Broker
from libs.common.identity import Role
from tests.support.databases import NewDatabase
from tests.support.edge import AUDIENCE, ISSUER, Tokens, tokens
from tests.support.platform import SERVICES
from tests.support.waiting import until

__all__ = ["tokens"]

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def copied(service: str, text: str = STAGE) -> list[tuple[str, str]]:
    """What the Dockerfile copies out of this repository: source and target."""
    pairs = re.findall(r"^COPY (?!--from)(\S+) (\S+)$", text, flags=re.MULTILINE)
    return [(source.replace("${SERVICE}", service), target.replace("${SERVICE}", service)) for source, target in pairs]


def image(service: str, folder: Path) -> Path:
    """Make the folder that /app is in the image."""
    for source, target in copied(service):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)
    return folder


def environment(service: str, **more: str) -> dict[str, str]:
    """The image's own environment and nothing of ours: its packages are those of this test run."""
    [line] = re.findall(r"^ENV (.*)$", STAGE, flags=re.MULTILINE)
    own = dict(pair.split("=", 1) for pair in line.replace("${SERVICE}", service).split())
    return {**own, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **more}


async def run(folder: Path, given: dict[str, str], *command: str) -> str:
    """Run a command in the image's folder to its end, which must be a good one; return what it said."""
    program = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=given, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(program.communicate(), timeout=120)
    assert program.returncode == 0, said.decode()
    return said.decode()


@asynccontextmanager
async def serving(folder: Path, given: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start what the image starts; at the end it is stopped as an engine does, and must end well."""
    [command] = re.findall(r"^CMD (.*)$", STAGE, flags=re.MULTILINE)
    with (folder / "said").open("wb") as said:
        program = await asyncio.create_subprocess_exec(
            *json.loads(command), cwd=folder, env=given, stdout=said, stderr=asyncio.subprocess.STDOUT
        )
        try:
            yield program
            program.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(program.wait(), timeout=30)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
    assert code == 0, (folder / "said").read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_dockerfile_copies_is_there_and_reaches_the_engine(service: str) -> None:
    sources = {source.rstrip("/") for source, _ in copied(service, DOCKERFILE)}
    assert {"requirements.lock", "libs", f"services/{service}"} <= sources
    ignoring = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignoring if line.startswith("!")}
    assert "*" in ignoring
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.partition("/")[0] in let_in, source
    assert not any(other in source for source in sources for other in SERVICES if other != service)


@pytest.mark.parametrize("service", SERVICES)
async def test_an_image_holds_every_command_that_the_compose_file_calls(service: str, tmp_path: Path) -> None:
    folder = image(service, tmp_path / "app")
    said = await run(folder, environment(service), "python", "-m", f"services.{service}", "--help")
    jobs = [each["command"][-1] for name, each in COMPOSE["services"].items() if name.startswith(f"{service}-")]
    assert len(jobs) == 2
    for command in (*jobs, "serve"):
        assert re.search(rf"^\s+{command}\s", said, flags=re.MULTILINE), command
    gatherer = COMPOSE["services"]["provenance"]
    if gatherer["build"]["args"]["SERVICE"] == service:
        assert gatherer["command"] == ["python", "-m", "deploy.gatherer"]
        await run(folder, environment(service), "python", "-c", "import deploy.gatherer.__main__")


async def test_the_consoles_image_serves_with_nothing_of_the_services(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "console" / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    for source, target in copied("", text):
        made = tmp_path / "app" / target
        made.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, made)
    assert not (tmp_path / "app" / "services").exists()
    port = free_port()
    given = {f"CONSOLE_{name}_URL": "http://127.0.0.1:9" for name in ("REGISTRY", "CONTRACTS", "FINANCE", "GOVERNANCE")}
    given |= {"CONSOLE_ISSUER": "http://127.0.0.1:9/issuer", "CONSOLE_SESSION_FILE": str(tmp_path / "sessions.db")}
    program = await asyncio.create_subprocess_exec(
        *("python", "-m", "console"),
        cwd=tmp_path / "app",
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "CONSOLE_PORT": str(port), **given},
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def answers() -> bool:
                with suppress(httpx.HTTPError):
                    return (await client.get("/health/ready")).status_code == 200
                return False

            await until(answers)
            assert "Sign in" in (await client.get("/sign-in")).text
        program.send_signal(signal.SIGTERM)
        await asyncio.wait_for(program.wait(), timeout=30)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert program.returncode == 0


async def test_the_images_migrate_make_their_topics_serve_and_hear_each_other(
    new_database: NewDatabase, kafka: Broker, tokens: Tokens, tmp_path: Path
) -> None:
    settings = tokens.settings("postgresql+asyncpg://nowhere")
    folders = {service: image(service, tmp_path / service) for service in SERVICES}
    prefix = f"image-{uuid.uuid4().hex[:8]}."
    given = {
        service: environment(
            service,
            DATABASE_URL=await new_database(None),
            TOKEN_ISSUER=ISSUER,
            TOKEN_AUDIENCE=AUDIENCE,
            JWKS_URL=settings.jwks_url,
            BUS=COMPOSE["services"][service]["environment"]["BUS"],
            KAFKA_BOOTSTRAP=kafka.bootstrap,
            KAFKA_TOPIC_PREFIX=prefix,
            HOST="127.0.0.1",
            PORT=str(free_port()),
        )
        for service in SERVICES
    }
    for job in ("migrations", "topics"):
        for service in SERVICES:
            await run(folders[service], given[service], *COMPOSE["services"][f"{service}-{job}"]["command"])
    async with AsyncExitStack() as running, httpx.AsyncClient() as client:
        for service in SERVICES:
            await running.enter_async_context(serving(folders[service], given[service]))

        async def condition(service: str) -> dict[str, Any] | None:
            try:
                answer = await client.get(f"http://127.0.0.1:{given[service]['PORT']}/health/ready")
            except httpx.TransportError:
                return None
            address = f"http://127.0.0.1:{given[service]['PORT']}/v1/operations/backbone"
            numbers = await client.get(address, headers=tokens.header(Role.OPERATOR))
            told: dict[str, Any] = numbers.json()
            return told if answer.json()["ready"] else None

        async def has_heard(service: str) -> bool:
            told = await condition(service)
            return told is not None and told["consumer_lag"]["registry"] == 0

        for service in SERVICES:
            await until(partial(condition, service), within=90)
        opened = {"code": "10H", "name": "NHS Chiltern CCG", "kind": "ccg", "effective_on": "2013-04-01"}
        answer = await client.post(
            f"http://127.0.0.1:{given['registry']['PORT']}/v1/organisations/batch",
            json={"organisations": [opened]},
            headers=tokens.header(Role.REGISTRAR),
        )
        assert answer.status_code in (200, 201), answer.text

        async def is_published() -> bool:
            told = await condition("registry")
            return told is not None and (told["last_position"], told["published_lag"]) == (1, 0)

        await until(is_published, within=90)
        for service in SERVICES[1:]:
            await until(partial(has_heard, service), within=90)
