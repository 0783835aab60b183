"""Measures a command over HTTP against pgbench with the same SQL, and against the same SQL by bare asyncpg."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg

from bench.load import post
from bench.machine import measured, on_measured, put_on
from bench.opening import ROUND_TRIPS, SCRIPT, open_organisation
from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import Callers, new_database, postgres, registry, temporary_folder
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import dsn
from libs.common.identity import Role
from services.registry.tables import METADATA

_CONNECTIONS = 10
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            # The peers have a database of their own: no sequencer clears the outbox behind them.
            peers = await new_database(server, "peers", METADATA)
            script = folder / "opening.sql"
            script.write_text(SCRIPT)
            async with registry(url, callers, log=folder / "server.log") as served:
                requests = _requests(callers.header(Role.REGISTRAR))

                async def over_http() -> Mapping[str, float]:
                    return await served.load("over HTTP", requests, connections=_CONNECTIONS, seconds=size.seconds)

                async def by_asyncpg() -> Mapping[str, float]:
                    return {"bare asyncpg": await _bare(peers, size.seconds)}

                async def by_pgbench() -> Mapping[str, float]:
                    return {"pgbench": await _pgbench(server, "peers", script, size.seconds)}

                remark = f"one command: {ROUND_TRIPS} statements with BEGIN and COMMIT, {_CONNECTIONS} connections"
                yield Contest([over_http, by_asyncpg, by_pgbench], [remark])


def _requests(header: str) -> Iterator[bytes]:
    for number in count():
        body = f'{{"code":"C{number}","name":"NHS Bench CCG","kind":"ccg","effective_on":"2013-04-01"}}'
        yield post("/v1/organisations", body.encode(), header)


async def _bare(url: str, seconds: float) -> float:
    connections = [await asyncpg.connect(dsn(url)) for _ in range(_CONNECTIONS)]
    until = time.perf_counter() + seconds

    async def work(connection: asyncpg.Connection) -> int:
        done = 0
        while time.perf_counter() < until:
            await open_organisation(connection, f"A{time.time_ns()}{id(connection)}")
            done += 1
        return done

    with on_measured():
        began = time.perf_counter()
        done = sum(await asyncio.gather(*(work(connection) for connection in connections)))
        rate = done / (time.perf_counter() - began)
    for connection in connections:
        await connection.close()
    return rate


async def _pgbench(server: EmbeddedPostgres, database: str, script: Path, seconds: float) -> float:
    where = ("-h", str(server.socket_folder), "-U", "bench", database)
    how = ("-n", "-M", "prepared", "-c", str(_CONNECTIONS), "-T", str(max(1, round(seconds))), "-f", str(script))
    pgbench = await asyncio.create_subprocess_exec(
        str(server.programs / "pgbench"), *how, *where, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    put_on(measured(), pgbench.pid)
    output = (await pgbench.communicate())[0].decode()
    found = _TPS.search(output)
    if pgbench.returncode or found is None:
        raise RuntimeError(f"pgbench: {output}")
    return float(found[1])


BENCHMARK = Benchmark(
    name="commands",
    words="POST /v1/organisations (checks, statements, beliefs, event, record of the write), against the same SQL",
    units=dict.fromkeys(["over HTTP", "bare asyncpg", "pgbench"], "commands/s")
    | {"over HTTP, processor": "us/command"},
    aims=[Aim("over HTTP", "pgbench", at_least=0.10), Aim("bare asyncpg", "pgbench")],
    stage=_stage,
)
