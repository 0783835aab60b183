"""A copier, or the process that copies, is killed: life is as it was, and nothing is left behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from deploy.branches.servers import BranchServer, for_programs
from libs.common.database.connection import dsn
from tests.faults.normal_form import read_content
from tests.support.branching import Planning, planning
from tests.support.platform import Platform
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def stopped_in_the_middle(life: Platform) -> AsyncIterator[asyncpg.Connection]:
    """Hold the copier of finance at its first table, which waits for a lock."""
    connection = await asyncpg.connect(dsn(life.urls["finance"]))
    try:
        await connection.execute("BEGIN; LOCK TABLE promoted_step IN ACCESS EXCLUSIVE MODE")
        yield connection
    finally:
        await connection.close()


def copiers(life: Platform) -> list[int]:
    """The processes of pg_dump that copy this life's finance."""
    source = f"--dbname={for_programs(life.urls['finance'])[0]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            given = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if given[0].endswith(b"pg_dump") and source in given:
            found.append(int(folder.name))
    return found


async def one_waits(life: Platform) -> list[int]:
    async def waiting() -> list[int]:
        rows = await life.database("finance").fetch(
            "SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'"
        )
        return copiers(life) if rows else []

    return await until(waiting, within=60)


async def test_a_copier_that_is_killed_leaves_nothing_and_the_branch_says_so(
    life: Platform, planner: Planning, server: BranchServer
) -> None:
    before = await read_content(life.urls)
    async with stopped_in_the_middle(life):
        opening = asyncio.create_task(planner.send("POST", "/branches", json={"name": "killed", "bodies": ["10H"]}))
        [copier] = await one_waits(life)
        os.kill(copier, signal.SIGKILL)
        refused = await opening
    assert refused.status_code == 409, refused.text
    assert "finance" in refused.json()["detail"]
    assert await server.databases() == []
    assert await read_content(life.urls) == before
    assert (await planner.call("GET", "/branches/killed"))["state"] == "failed"
    await planner.call("DELETE", "/branches/killed")
    assert (await planner.open("killed", "10H"))["state"] == "open"


async def test_what_a_killed_process_was_copying_is_gone_once_another_one_starts(
    life: Platform, server: BranchServer
) -> None:
    before = await read_content(life.urls)
    async with stopped_in_the_middle(life):
        given = (json.dumps(life.urls), server.url, str(server.programs))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.branches.copying_process", *given),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await one_waits(life)
        process.kill()
        await process.wait()
        assert copiers(life), "it outlives who started it"
        assert len(await server.databases()) == 4
        async with planning(life, server):
            assert await server.databases() == []

    async def all_gone() -> bool:
        return not copiers(life)

    await until(all_gone)
    assert await server.databases() == []
    assert await read_content(life.urls) == before
