"""What an operator does by the guide: back-up and restore with PostgreSQL's own programs, and past what is no event."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka import Broker
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database
from libs.common.identity import Role
from libs.common.messaging.bus import Bus
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.messaging.verification import verify
from tests.deploy.conftest import REPOSITORY, NewServer
from tests.support.buses import strange_record
from tests.support.databases import OWNER, Databases, NewDatabase
from tests.support.edge import Tokens, running, tokens
from tests.support.platform import migrated
from tests.support.programs import run
from tests.support.waiting import until

__all__ = ["tokens"]


@dataclass
class Two:
    """The registry, which is backed up, and contracts, which hears it; each can be stopped and started."""

    postgres: EmbeddedPostgres
    tokens: Tokens
    urls: dict[str, str]
    access: KafkaAccess | None = None
    """The broker that carries the events; None: the direct bus."""
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _running: dict[str, AsyncExitStack] = field(default_factory=dict)

    async def start(self, name: str) -> None:
        stack = self._running[name] = AsyncExitStack()
        bus: Bus = KafkaBus(self.access) if self.access else DirectBus(self.urls)
        stack.push_async_callback(bus.close)
        app = import_module(f"services.{name}.app").create_app(self.tokens.settings(self.urls[name]), bus)
        self.clients[name] = await stack.enter_async_context(running(app, self.tokens.header(*Role)))

    async def stop(self, name: str) -> None:
        await self._running.pop(name).aclose()

    async def stop_all(self) -> None:
        for name in list(self._running):
            await self.stop(name)

    async def call(self, method: str, name: str, path: str, **request: Any) -> httpx.Response:
        """Call a service; refusals are the caller's to look at."""
        return await self.clients[name].request(method, path, **request)

    async def open(self, *codes: str) -> None:
        """Have the registry tell that these CCGs opened: one event each."""
        ccgs = [
            {"code": code, "name": f"NHS {code} CCG", "kind": "ccg", "effective_on": "2013-04-01"} for code in codes
        ]
        answer = await self.call("POST", "registry", "/v1/organisations/batch", json={"organisations": ccgs})
        assert answer.is_success, answer.text

    async def health(self) -> dict[str, Any]:
        """How contracts says that it is."""
        told: dict[str, Any] = (await self.call("GET", "contracts", "/health/ready")).json()
        return told

    def has_heard(self, position: int) -> Callable[[], Awaitable[bool]]:
        """Whether contracts is ready, and has heard the registry's log up to here."""

        async def heard() -> bool:
            told = await self.health()
            if not told["ready"]:
                return False
            last = (await self.call("GET", "registry", "/v1/operations/backbone")).json()["last_position"]
            lag = (await self.call("GET", "contracts", "/v1/operations/backbone")).json()["consumer_lag"]["registry"]
            return bool((last, lag) == (position, 0))

        return heard

    async def command(self, name: str, *words: str) -> str:
        """Run a service's command as an operator does."""
        settings = self.tokens.settings(self.urls[name])
        given = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.urls[name],
            **self._bus_settings(),
            "TOKEN_ISSUER": settings.token_issuer,
            "TOKEN_AUDIENCE": settings.token_audience,
            "JWKS_URL": settings.jwks_url,
        }
        done = await asyncio.to_thread(run, f"services.{name}", *words, environment=given)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _bus_settings(self) -> dict[str, str]:
        if self.access is None:
            return {"LOG_URLS": json.dumps({name: self.urls[name] for name in ("registry", "governance")})}
        return {
            "BUS": "kafka",
            "KAFKA_BOOTSTRAP": self.access.bootstrap,
            "KAFKA_TOPIC_PREFIX": self.access.topic_prefix,
        }

    async def fill_topic_anew(self) -> None:
        """Remove the registry's topic, as an operator does with Kafka's own tools, create it again and fill it."""
        if self.access is None:
            return
        admin = AIOKafkaAdminClient(**self.access.options())
        await admin.start()
        try:
            await admin.delete_topics([self.access.topic("registry")])
        finally:
            await admin.close()

        async def is_created() -> bool:
            return "created" in await self.command("registry", "topics")

        await until(is_created, within=60)
        assert "2 events published again" in await self.command("registry", "republish")

    def program(self, name: str, *arguments: str) -> str:
        """Run one of PostgreSQL's own programs on the server."""
        where = ("-h", str(self.postgres.socket_folder))
        return _run([str(self.postgres.programs / name), *where, *arguments], {"LC_ALL": "C"})


def _run(command: list[str], given: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=REPOSITORY, env=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def database_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["direct", "kafka"])
async def two(
    request: pytest.FixtureRequest, templates: Databases, new_database: NewDatabase, tokens: Tokens
) -> AsyncIterator[Two]:
    urls, access = {}, None
    for name in ("registry", "contracts", "governance"):
        urls[name] = await new_database(await templates.template_for(f"{name}_migrated", migrated(name)))
    if request.param == "kafka":
        broker: Broker = request.getfixturevalue("kafka")
        access = KafkaAccess(broker.bootstrap, topic_prefix=f"backup-{uuid.uuid4().hex[:8]}.")
        for name in urls:
            await create_topic(access, name)
    both = Two(templates.server, tokens, urls, access)
    for name in ("registry", "contracts"):  # governance, which contracts reads too, has nothing to say
        await both.start(name)
    yield both
    await both.stop_all()


async def test_a_restored_registry_begins_a_new_life_and_a_consumer_that_was_ahead_waits_for_the_operator(
    two: Two, tmp_path: Path
) -> None:
    await two.open("10H", "10Y")
    await until(two.has_heard(2), within=90)
    page = (await two.call("GET", "registry", "/v1/events?after=0")).json()
    name, backup = database_of(two.urls["registry"]), str(tmp_path / "registry.dump")
    await asyncio.to_thread(two.program, "pg_dump", "-U", OWNER, "-d", name, "-Fc", "-f", backup)

    await two.open("14Y", "05C")
    await until(two.has_heard(4), within=90)
    await two.stop("registry")
    await asyncio.to_thread(two.program, "dropdb", "-U", "postgres", "--force", name)
    await asyncio.to_thread(two.program, "createdb", "-U", "postgres", "-O", OWNER, name)
    restoring = ("-U", OWNER, "-d", name, "--no-owner", "--exit-on-error", "--single-transaction", backup)
    await asyncio.to_thread(two.program, "pg_restore", *restoring)
    await asyncio.to_thread(two.program, "psql", "-U", OWNER, "-d", name, "-c", "ANALYZE")
    assert "2 events agree" in await two.command("registry", "verify-log", "--alone")
    assert "after position 2" in await two.command("registry", "new-epoch")
    await two.fill_topic_anew()
    await two.start("registry")

    async def says_why() -> bool:
        told = await two.health()
        return not told["ready"] and any("consumer of registry died: EpochChanged" in why for why in told["reasons"])

    await until(says_why, within=90)
    stale = await two.call("GET", "registry", f"/v1/events?after=4&epoch={page['epoch']}")
    assert (stale.status_code, stale.json()["type"].rpartition("/")[2]) == (409, "epoch-ended")

    await two.open("06A")
    again = (await two.call("GET", "registry", f"/v1/events?after=2&wait=20&epoch={page['epoch']}")).json()
    assert [item["event"]["data"]["code"] for item in again["items"]] == ["06A"]
    assert again["epoch"] != page["epoch"]
    assert await says_why()

    assert "after position 2" in await two.command("contracts", "continue-from", "registry", "--after", "2")
    await until(two.has_heard(3), within=90)
    # What it had heard beyond the backup is not so any more: its projection is put right from the log.
    assert "DIFFERED" in await two.command("contracts", "rebuild", "known_organisations")
    assert "the projection matched the log" in await two.command("contracts", "rebuild", "known_organisations")
    known = two.postgres.run_sql(
        "SELECT string_agg(code, ' ' ORDER BY code) FROM known_organisation JOIN known_organisation_belief"
        " ON subject_id = known_organisation.id WHERE facet = 1 AND value = 'open' AND upper_inf(known)",
        database=database_of(two.urls["contracts"]),
    )
    assert known == "06A 10H 10Y"
    assert "3 events agree" in await two.command("registry", "verify-log")
    assert "events of registry are what was consumed" in await two.command("contracts", "verify-log")


@pytest.mark.parametrize("two", ["direct"], indirect=True)
async def test_a_base_backup_of_the_whole_server_starts_and_holds_every_log_whole(
    two: Two, new_server: NewServer, folder: Path
) -> None:
    await two.open("10H", "10Y")
    await until(two.has_heard(2), within=90)
    copy = new_server(folder)
    owner = two.postgres.data.stat()
    copy.data.mkdir(mode=0o700)
    await asyncio.to_thread(two.program, "pg_basebackup", "-U", "postgres", "-D", str(copy.data), "--checkpoint=fast")
    for path in (copy.data, *copy.data.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    await asyncio.to_thread(copy.start)
    try:
        restored = Database(copy.dsn(database_of(two.urls["registry"]), OWNER))
        await restored.open()
        found = await verify(restored)
        await restored.close()
        assert (found.is_whole, found.events) == (True, 2)
    finally:
        await asyncio.to_thread(copy.stop)


@pytest.mark.parametrize("two", ["kafka"], indirect=True)
async def test_a_record_that_is_no_event_is_passed_by_the_commands_of_the_guide(two: Two) -> None:
    assert two.access is not None
    await two.open("10H", "10Y")
    await until(two.has_heard(2), within=90)
    await strange_record(two.access, b'\x00\xff"not an event"', "registry")
    await two.open("14Y")

    async def has_stopped() -> bool:
        numbers = (await two.call("GET", "contracts", "/v1/operations/backbone")).json()
        return "the record at offset 3 is no event" in str(numbers["dead_tasks"])

    await until(has_stopped, within=90)
    assert "the consumer of registry died: Unreadable" in (await two.health())["reasons"]
    with pytest.raises(AssertionError, match="position 3 of registry would never be consumed"):
        await two.command("contracts", "continue-from", "registry", "--after", "3")
    assert "the projection matched the log" in await two.command("contracts", "rebuild", "known_organisations")
    guide = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^python -m services\.contracts (skip-record .+)$", guide, flags=re.MULTILINE)
    assert "continues after the record at offset 3" in await two.command("contracts", *shlex.split(shown))
    await until(two.has_heard(3), within=90)
    with pytest.raises(AssertionError, match="is at offset 5, not at 3"):
        await two.command("contracts", *shlex.split(shown))
    assert "the projection matched the log" in await two.command("contracts", "rebuild", "known_organisations")
    known = two.postgres.run_sql(
        "SELECT string_agg(code, ' ' ORDER BY code) FROM known_organisation",
        database=database_of(two.urls["contracts"]),
    )
    assert known == "10H 10Y 14Y"
