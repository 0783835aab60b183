"""A run survives the death of its process, and of whoever watched it; its process outlives neither."""

import asyncio
import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from libs.common.database.connection import Database, raw
from libs.common.process.clock import Clock
from services.finance.plans.problem import Item, Problem, Start
from services.finance.portfolios.jobs import WORKER, WorkerJob
from services.finance.runs import background, queue
from tests.finance.portfolios.test_api import ended, requested, stated
from tests.support.edge import Tokens
from tests.support.finance_harness import a_lead, at
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]


def workers() -> list[int]:
    """The optimisers that this process has started and that still live."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and WORKER.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


async def tries(database: Database, run: str) -> int:
    [row] = await database.fetch("SELECT tries FROM run WHERE reference = $1::uuid", run)
    return int(row["tries"])


async def test_a_run_whose_process_is_killed_is_computed_again_and_stored_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    await stated(client)
    run = (await requested(client, curve=False)).json()["run"]

    async def is_begun() -> bool:
        return bool(workers())

    await until(is_begun, within=30)
    for number in workers():
        os.kill(number, signal.SIGKILL)
    assert (await ended(client, run))["plan"]["verdict"] == "optimal"
    assert await tries(database, run) == 2
    assert len(await database.fetch("SELECT FROM run_result")) == 1
    assert len(await database.fetch("SELECT FROM event_log WHERE body LIKE '%PortfolioSolved%'")) == 1


async def queued(
    database: Database, subject: str, *organisations: str, kind: str = "portfolio", inputs: str = "{}"
) -> str:
    async with database.begin() as session:
        asked = await queue.request(
            await raw(session),
            kind=kind,
            subject=subject,
            version=1,
            digest=subject,
            inputs=inputs,
            organisations=organisations,
            by=a_lead(),
            at=at(date(2027, 4, 1)),
            as_at=date(2027, 4, 1),
            as_known=None,
        )
    return asked.reference


async def claimed(database: Database) -> str:
    job = await queue.claim(database)
    assert job is not None
    return job.subject


async def test_many_runs_of_one_organisation_keep_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(queue.MOST_OF_ONE):
        await queued(database, f"A-{number}", "06H", "10Y")
    with pytest.raises(queue.TooManyRuns, match=r"5 runs of 06H wait already"):
        await queued(database, "A-9", "06H", "11C")
    assert await claimed(database) == "A-0"
    await queued(database, "B-0", "11C")
    await queued(database, "B-1", "11C")
    # B was never served; from then on whoever was served the longest ago comes first.
    assert [await claimed(database) for _ in range(6)] == ["B-0", "A-1", "B-1", "A-2", "A-3", "A-4"]
    monkeypatch.setattr(queue, "MOST_WAITING", 7)
    with pytest.raises(queue.TooManyRuns, match=r"7 runs wait already"):
        await queued(database, "C-0", "99M")


async def test_runs_of_one_kind_keep_those_of_another_waiting_neither_to_be_requested_nor_to_be_taken(
    database: Database,
) -> None:
    for number in range(queue.MOST_OF_ONE):
        await queued(database, f"A-{number}", "06H")
    document = await queued(database, "A-0.pdf", "06H", kind="document")
    taken = await queue.claim(database, ["document"])
    assert taken is not None
    assert (taken.reference, taken.kind) == (document, "document")
    assert await queue.claim(database, ["document"]) is None
    other = await queue.claim(database, ["portfolio"])
    assert other is not None
    assert other.subject == "A-0"


async def test_a_run_is_taken_up_by_another_when_its_watcher_goes_silent_and_the_first_can_end_it_no_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await queued(database, "CAM-2027", "06H")
    dead = await queue.claim(database)
    assert dead is not None
    assert await queue.claim(database) is None
    monkeypatch.setattr(queue, "SILENT_FOR", timedelta())
    second = await queue.claim(database)
    assert second is not None
    assert (second.reference, second.tries) == (asked, 2)
    assert not await queue.say(database, dead, None)
    async with database.begin() as session:
        connection = await raw(session)
        assert await queue.finish(connection, dead, "first") is None
        assert await queue.finish(connection, second, "second") == "second"
        assert await queue.finish(connection, second, "again") is None
    found = await queue.find_run(database, asked, "portfolio")
    assert found is not None
    assert (found.state, found.result) == ("done", "second")


async def test_a_result_that_is_too_long_or_no_json_fails_its_run_and_the_next_is_computed(
    database: Database, url: str, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_MOST_BYTES", 2**16)
    printed = ("x" * 2**18, "no JSON", '{"answer": {}}')
    asked = [await queued(database, f"A-{number}", "06H", inputs=line) for number, line in enumerate(printed)]
    stop = asyncio.Event()
    kinds = {"portfolio": background.Kind("tests.support.echo")}
    run = background.runs(kinds)(database, Clock(), tokens.settings(url))
    computing = asyncio.ensure_future(run(stop, lambda: None))

    async def states() -> list[str]:
        found = [await queue.find_run(database, run, "portfolio") for run in asked]
        return [one.state for one in found if one is not None]

    async def is_over() -> bool:
        return not {"queued", "running"}.intersection(await states())

    await until(is_over, within=30)
    stop.set()
    await computing
    assert await states() == ["failed", "failed", "done"]
    found = await queue.find_run(database, asked[0], "portfolio")
    assert found is not None
    assert found.reason == "its result is longer than 65536 bytes"


async def test_a_process_is_refused_more_memory_than_its_limit() -> None:
    begun = "from services.finance.runs.worker import within; within(2 * 10**8); print(len(bytearray({})))"
    for size, code in ((10**6, 0), (10**9, 1)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", begun.format(size)), cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == code, size


async def test_a_process_ends_when_whoever_started_it_does() -> None:
    items = tuple(
        Item(
            str(number),
            "",
            tuple(Start(year, 1000 + number * 7 % 13, ((year, 997 + number % 11),)) for year in range(9)),
        )
        for number in range(200)
    )
    job = WorkerJob(
        problem=Problem(2027, 9, items, budgets_pence=(3_001,) * 9), gap="0", seconds=100, threads=1, curve=True
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", WORKER), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(job.model_dump_json().encode() + b"\n")
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 3
