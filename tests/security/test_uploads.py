"""A file to preview costs what it is worth: no upload stalls the service, fills its memory or takes its connections."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from libs.common.database.connection import dsn
from services.registry.imports.preview.queue import MOST_WAITING
from services.registry.imports.runner import ONE_IMPORT
from tests.security.server import ServedService, served
from tests.support.edge import Tokens
from tests.support.waiting import until

PRACTICE = b'"A81001","A SURGERY"' + b',""' * 8 + b',"19740401","","A",""' + b',""' * 13 + b"\n"
NAMED = {"file": "epraccur_2020-09.csv.gz"}
COMMAND = {"code": "14Y", "name": "NHS Buckinghamshire CCG", "kind": "ccg", "effective_on": "2018-04-01"}
PREVIEWERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'footprint-registry-preview'"


def bomb(unpacked: int) -> bytes:
    """Lines of two characters that nothing can be imported from, packed: a thousandth of their size."""
    first = PRACTICE
    return gzip.compress(first + b"x\n" * ((unpacked - len(first)) // 2))


async def ask(registry: ServedService, content: Any, **params: str) -> str:
    """Ask for a preview, and return where it is read."""
    answer = await registry.client.post("/v1/imports/previews", params=NAMED | params, content=content)
    assert answer.status_code == 202, answer.text[:1_000]
    return str(answer.headers["Location"])


async def ended(registry: ServedService, where: str) -> dict[str, Any]:
    """Wait for the end of a preview."""
    found: dict[str, Any] = {}

    async def is_over() -> bool:
        answer = await registry.client.get(where)
        found.update(answer.json())
        assert len(answer.content) < 10_000
        return found["state"] not in {"waiting", "running"}

    await until(is_over, within=60)
    return found


async def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(registry: ServedService) -> None:
    content = gzip.compress(PRACTICE + (b"Q" * 100_000 + b"\n") * 600)
    assert len(content) < 100_000
    before = registry.memory
    found = await ended(registry, await ask(registry, content))
    assert (found["state"], "unpacked" in found["reason"]) == ("refused", True)
    assert registry.memory - before < 30_000_000


async def test_reading_stops_after_many_refused_lines_and_the_answer_says_so(registry: ServedService) -> None:
    found = await ended(registry, await ask(registry, bomb(900_000)))
    assert found["state"] == "refused"
    assert "1000 lines" in found["reason"]
    assert "it has 1 columns, not 27" in found["reason"]


async def test_a_refusal_repeats_only_the_beginning_of_a_line(registry: ServedService) -> None:
    content = PRACTICE + b"Q" * 100_000 + b',""' * 26 + b"\n"
    where = await ask(registry, content, file="epraccur_2020-09.csv")
    assert (await ended(registry, where))["state"] == "done"
    [refused] = (await registry.client.get(f"{where}/refused-lines")).json()["items"]
    assert refused["line"] == 2
    assert len(refused["code"]) + len(refused["reason"]) < 400


async def test_previews_that_wait_for_an_import_hold_no_connection_and_no_lock(registry: ServedService) -> None:
    other = await asyncpg.connect(dsn(registry.database_url))
    try:
        async with other.transaction():
            assert await other.fetchval(ONE_IMPORT)  # as an import from a shell does while it runs
            places = [await ask(registry, gzip.compress(PRACTICE)) for _ in range(3)]
            command = await registry.client.post("/v1/organisations", json=COMMAND, params={"dry_run": "true"})
            assert command.status_code == 201, command.text
            states = [(await registry.client.get(where)).json()["state"] for where in places]
            assert states == ["waiting"] * 3
            assert (await other.fetchval(PREVIEWERS), registry.children) == (0, [])
            assert (await registry.client.delete(places[1])).status_code == 204
    finally:
        await other.close()
    assert [(await ended(registry, where))["state"] for where in (places[0], places[2])] == ["done", "done"]


async def test_a_preview_that_is_withdrawn_while_it_runs_ends(registry: ServedService) -> None:
    lines = b"".join(PRACTICE.replace(b"A81001", b"A%05d" % number) for number in range(60_000))
    where = await ask(registry, gzip.compress(lines))

    async def runs() -> bool:
        return bool(registry.children)

    await until(runs, within=30)
    assert (await registry.client.delete(where)).status_code == 204

    async def none_runs() -> bool:
        return not registry.children

    await until(none_runs, within=20)
    assert (await registry.client.get(where)).status_code == 404
    assert (await ended(registry, await ask(registry, gzip.compress(PRACTICE))))["state"] == "done"


async def test_beyond_a_few_previews_that_wait_the_answer_is_to_come_again(registry: ServedService) -> None:
    other = await asyncpg.connect(dsn(registry.database_url))
    try:
        async with other.transaction():
            assert await other.fetchval(ONE_IMPORT)
            for _ in range(MOST_WAITING):
                await ask(registry, gzip.compress(PRACTICE))
            busy = await registry.client.post("/v1/imports/previews", params=NAMED, content=gzip.compress(PRACTICE))
            assert (busy.status_code, busy.json()["type"].rpartition("/")[2]) == (503, "too-many-previews")
            assert int(busy.headers["Retry-After"]) > 0
    finally:
        await other.close()


async def test_an_upload_larger_than_the_setting_is_refused_and_leaves_nothing(
    registry_url: str, tokens: Tokens
) -> None:
    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    async with served("registry", registry_url, tokens, MAX_UPLOAD_BYTES="3000000") as registry:
        announced = await registry.client.post("/v1/imports/previews", params=NAMED, content=b"x" * 3_000_001)
        arriving = await registry.client.post("/v1/imports/previews", params=NAMED, content=streamed())
        assert [one.status_code for one in (announced, arriving)] == [413, 413]
        other = await registry.client.post("/v1/organisations", content=b"x" * 1_000_001)
        assert other.status_code == 413
        connection = await asyncpg.connect(dsn(registry_url))
        try:
            left = "SELECT (SELECT count(*) FROM import_preview) + (SELECT count(*) FROM import_upload)"
            assert await connection.fetchval(left) == 0
        finally:
            await connection.close()


@pytest.mark.parametrize("size", [10_000_000])
async def test_a_large_file_arrives_without_being_in_memory(registry: ServedService, size: int) -> None:
    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(size // 100_000):
            yield b"\x00" * 100_000

    before = registry.memory
    found = await ended(registry, await ask(registry, streamed(), file="epraccur_2020-09.csv"))
    assert (found["state"], "no text" in found["reason"]) == ("refused", True)
    assert registry.memory - before < size
