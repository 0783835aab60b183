"""Measures the console's page of an organisation against the reads that it asks, sixteen at once."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

from bench.load import get
from bench.organisations import CODES, fill
from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import (
    Callers,
    Served,
    free_port,
    new_database,
    opened,
    postgres,
    registry,
    sequenced,
    serving,
    temporary_folder,
)
from console.signin.sessions import Content, Sessions
from libs.common.identity import Role
from services.registry.tables import METADATA

_CONNECTIONS = 16
_READS = ("?sightings=true", "/relations?limit=100", "/lineage", "/populations", "/members?limit=1")
"""What the page asks of the registry; of organisations that name no other one it asks no more."""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            async with opened(url) as database:
                await fill(database)
            log = folder / "server.log"
            async with registry(url, callers, log=log) as asked, opened(url) as database:
                await sequenced(database)
                header = callers.header(Role.PARTNER)
                async with _console(folder, asked.port, header, log=log) as (pages, cookie):
                    reads = cycle([get(f"/v1/organisations/{code}{one}", header) for code in CODES for one in _READS])
                    shown = cycle([get(f"/organisations/{code}", cookie) for code in CODES])

                    async def reading() -> Mapping[str, float]:
                        found = await asked.load("read", reads, connections=_CONNECTIONS, seconds=size.seconds)
                        return {"reads of a page": 1e3 * len(_READS) / found["read"]}

                    async def showing() -> Mapping[str, float]:
                        found = await pages.load("page", shown, connections=_CONNECTIONS, seconds=size.seconds)
                        return {"page": 1e3 / found["page"], "page, console alone": found["page, processor"] / 1e3}

                    yield Contest([reading, showing])


@asynccontextmanager
async def _console(folder: Path, registry_port: int, header: str, *, log: Path) -> AsyncIterator[tuple[Served, str]]:
    """Serve the console on the processor of the registry; gives it, and the header line of a signed-in person."""
    port, file = free_port(), folder / "sessions.db"
    environment = {f"CONSOLE_{name}_URL": "http://127.0.0.1:9" for name in ("CONTRACTS", "FINANCE", "GOVERNANCE")} | {
        "CONSOLE_REGISTRY_URL": f"http://127.0.0.1:{registry_port}",
        "CONSOLE_ISSUER": "https://issuer.bench.example",
        "CONSOLE_SESSION_FILE": str(file),
        "CONSOLE_PORT": str(port),
        "CONSOLE_PROCESSES": "1",
    }
    sessions = Sessions(file, "")
    token = header.strip().rpartition(" ")[2]
    ends = time.time() + 3_600
    session = sessions.open(Content(access_token=token, expires_at=ends, renew_at=ends, name="bench"))
    sessions.close()
    async with serving(["-m", "console"], port=port, log=log, environment=environment) as served:
        yield served, f"Cookie: footprint={session}\r\n"  # the load names no port


BENCHMARK = Benchmark(
    name="console",
    words="the page of an organisation beside the reads that it asks, sixteen at once, all on one processor",
    units={"reads of a page": "ms", "page": "ms", "page, console alone": "ms"},
    aims=[Aim("page", "reads of a page", at_most=4)],
    stage=_stage,
)
