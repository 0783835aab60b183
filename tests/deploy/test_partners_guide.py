"""The programs of the partners' guide, run as they stand there against a registry that serves and publishes."""

import asyncio
import json
import os
import re
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.kafka import Broker
from libs.common.events import CATALOGUE
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.service.serving import Server
from services.registry.app import create_app
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import migrated
from tests.support.waiting import until

__all__ = ["tokens"]

GUIDE = (Path(__file__).parents[2] / "docs" / "partners.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```python (\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL))


@dataclass
class Registry:
    """A registry that serves on a port and publishes to a topic of its own."""

    address: str
    token: str
    bootstrap: str
    topic: str

    async def open(self, *codes: str) -> None:
        """Have it tell that these bodies opened, one event each."""
        told = [
            {"code": code, "name": f"NHS {code} CCG", "kind": "ccg", "effective_on": "2013-04-01"} for code in codes
        ]
        async with httpx.AsyncClient(
            base_url=self.address, headers={"Authorization": f"Bearer {self.token}"}
        ) as client:
            answer = await client.post("/v1/organisations/batch", json={"organisations": told})
        assert answer.is_success, answer.text

    def environment(self) -> dict[str, str]:
        """What the programs want to know."""
        return {
            "PATH": os.environ["PATH"],
            "FEED": f"{self.address}/v1/events",
            "TOKEN": self.token,
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "TOPIC": self.topic,
        }


@pytest.fixture
async def registry(
    templates: Databases, new_database: NewDatabase, kafka: Broker, tokens: Tokens
) -> AsyncIterator[Registry]:
    url = await new_database(await templates.template_for("registry_migrated", migrated("registry")))
    access = KafkaAccess(kafka.bootstrap, topic_prefix=f"guide-{uuid.uuid4().hex[:8]}.")
    await create_topic(access, "registry")
    bus, settings = KafkaBus(access), tokens.settings(url, port=0)
    server = Server(create_app(settings, bus), settings)
    serving = asyncio.create_task(server._serve())  # noqa: SLF001  (without taking over the test run's signals)

    async def has_started() -> bool:
        return server.started

    await until(has_started, within=30)
    port = server.servers[0].sockets[0].getsockname()[1]
    token = tokens.header(Role.PARTNER, Role.REGISTRAR)["Authorization"].removeprefix("Bearer ")
    yield Registry(f"http://127.0.0.1:{port}", token, kafka.bootstrap, access.topic("registry"))
    server.should_exit = True
    await serving
    await bus.close()


class Partner:
    """A program of the guide, running in a folder of its own."""

    def __init__(self, program: asyncio.subprocess.Process) -> None:
        self.program = program

    async def takes(self, number: int) -> list[str]:
        """Wait for so many events and return the codes that they tell of."""
        return [await self._code() for _ in range(number)]

    async def _code(self) -> str:
        assert self.program.stdout is not None
        line = await asyncio.wait_for(self.program.stdout.readline(), timeout=60)
        assert line, "it ended"
        code: str = json.loads(line.decode().split(" ", 2)[2])["code"]
        return code

    async def ends_with(self) -> str:
        """Wait until it gives up, and return why."""
        _, said = await asyncio.wait_for(self.program.communicate(), timeout=60)
        assert self.program.returncode != 0
        return said.decode()


@asynccontextmanager
async def partner(kind: str, registry: Registry, folder: Path) -> AsyncIterator[Partner]:
    """Run the program; it is killed at the end, wherever it is."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAMS[kind],
        cwd=folder,
        env=registry.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Partner(program)
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


@pytest.mark.parametrize("kind", ["http", "kafka"])
async def test_a_partner_gets_every_event_in_order_and_goes_on_after_a_stop(
    kind: str, registry: Registry, tmp_path: Path
) -> None:
    cursor = tmp_path / "cursor.json"
    await registry.open("10H", "10Y")

    async def has_noted(position: int) -> bool:
        noted = json.loads(cursor.read_text() or "{}") if cursor.exists() else {}
        return bool(position in (noted.get("after"), noted.get("position")))

    async with partner(kind, registry, tmp_path) as following:
        assert await following.takes(2) == ["10H", "10Y"]
        await registry.open("14Y")
        assert await following.takes(1) == ["14Y"]
        await until(lambda: has_noted(3), within=30)
    await registry.open("05C", "06A")
    async with partner(kind, registry, tmp_path) as following:
        assert await following.takes(2) == ["05C", "06A"]


async def test_a_partner_by_http_learns_that_the_log_was_restored(registry: Registry, tmp_path: Path) -> None:
    await registry.open("10H")
    (tmp_path / "cursor.json").write_text('{"after": 7, "epoch": "another"}')
    async with partner("http", registry, tmp_path) as following:
        assert "the log was restored" in await following.ends_with()


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        ({"offset": 0, "position": 1, "epoch": "another"}, "the log was restored"),
        ({"offset": 1, "position": 0, "epoch": ""}, "a gap: 2 does not follow 0"),
        ({"offset": 99, "position": 99, "epoch": "another"}, "OffsetOutOfRange"),
    ],
)
async def test_a_partner_by_kafka_stops_where_going_on_would_be_wrong(
    cursor: dict[str, object], reason: str, registry: Registry, tmp_path: Path
) -> None:
    await registry.open("10H", "10Y")
    (tmp_path / "cursor.json").write_text(json.dumps(cursor))
    async with partner("kafka", registry, tmp_path) as following:
        assert reason in await following.ends_with()


def test_the_events_and_files_that_the_guide_names_exist() -> None:
    named = set(re.findall(r"`([A-Z]+[a-z]\w+)(?:\.v\d)?`", GUIDE))
    assert "CCGMerged" in named
    assert named <= {name for name, _ in CATALOGUE}
    for file in re.findall(r"\]\(([^)\s]+)\)", GUIDE):
        assert (Path(__file__).parents[2] / "docs" / file).is_file()


def test_a_second_sources_word_is_no_second_opening_in_the_guides_program() -> None:
    def opened(code: str, day: str, source: str, rank: int, stated_at: str) -> OrganisationOpened:
        return OrganisationOpened(
            code=code,
            name=f"NHS {code} CCG",
            kind="ccg",
            effective_on=date.fromisoformat(day),
            stated_at=datetime.fromisoformat(stated_at),
            source=source,
            rank=rank,
        )

    told = [
        opened("10Y", "2013-04-01", "ods-eccg:eccg", 0, "2013-04-01T00:00:00+00:00"),
        opened("10Y", "2013-04-01", "ods-eccg:eccg", 0, "2019-04-01T00:00:00+00:00"),
        opened("10Y", "2013-04-02", "ons:names and codes", -1, "2020-04-01T00:00:00+00:00"),
        opened("14Y", "2018-04-02", "ods-eccg:eccg", 0, "2018-04-01T00:00:00+00:00"),
        opened("14Y", "2018-04-01", "ods-eccg:eccg", 0, "2019-04-01T00:00:00+00:00"),
    ]
    names: dict[str, Any] = {}
    exec(PROGRAMS["openings"], names)
    events = [
        {"type": f"uk.nhs.footprint.{one.event_name}.v1", "data": json.loads(one.model_dump_json())} for one in told
    ]
    assert names["openings"](events) == {"10Y": "2013-04-01", "14Y": "2018-04-01"}
