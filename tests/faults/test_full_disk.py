"""A disk that is full: commands are refused clearly, reads go on, and with room again all is well by itself."""

import asyncio
import os
import sys
from pathlib import Path

from libs.common.identity import Role
from libs.common.messaging import event_log
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.verification import verify
from libs.common.service.app import create_service
from tests.deploy.conftest import REPOSITORY
from tests.support import sample_service
from tests.support.edge import Tokens, running
from tests.support.waiting import until

_OWN_MOUNTS = ("--mount",) if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps", "--mount")
_CODES = [f"{a}{b}{c}" for a in "ABC" for b in "ABCDEFGHIJ" for c in "ABCDEFGHIJ"]


class SmallDisk:
    """The server on a small disk, in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def reads(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            line = (await self._process.stdout.readline()).decode().strip()
        assert line, "it ended"
        return line

    async def does(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())
        assert await self.reads() == order


async def test_a_full_disk_refuses_commands_and_nothing_else(folder: Path, tokens: Tokens) -> None:
    process = await asyncio.create_subprocess_exec(
        *("unshare", *_OWN_MOUNTS, sys.executable, "-m", "tests.faults.small_disk", str(folder)),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    disk = SmallDisk(process)
    try:
        url = await disk.reads()
        await sample_service.create_schema(url)
        await must_hold_through(disk, url, tokens)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 60)


async def must_hold_through(disk: SmallDisk, url: str, tokens: Tokens) -> None:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:

        async def light(code: str) -> int:
            answer = await client.post("/v1/beacons", json={"code": code, "name": code * 500})
            if answer.status_code != 201:
                assert answer.status_code == 503, answer.text
                assert answer.headers["content-type"] == "application/problem+json"
            return answer.status_code

        assert await light("ZZZ") == 201
        await disk.does("fill")
        answers = {code: await light(code) for code in _CODES}
        assert 503 in answers.values()
        assert (await client.get("/v1/beacons/ZZZ")).status_code == 200
        assert (await client.get("/health/live")).status_code == 200
        unready = await client.get("/health/ready")
        assert (unready.status_code, "the disk of the database is full" in unready.json()["reasons"]) == (503, True)
        await disk.does("free")

        async def is_well() -> bool:
            return (await client.get("/health/ready")).status_code == 200 and await light("YYY") == 201

        await until(is_well, within=60)
        done = {"ZZZ", "YYY", *(code for code, status in answers.items() if status == 201)}
        rows = await app.state.database.fetch("SELECT code FROM beacon")
        assert {row["code"] for row in rows} == done

        async def are_told() -> bool:
            return (await event_log.end(app.state.database)).position == 2 * len(done)

        await until(are_told, within=60)
        assert (await verify(app.state.database)).is_whole
