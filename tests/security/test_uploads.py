"""A file to preview costs what it is worth: no upload stalls the service, fills its memory or takes its connections."""

import asyncio
import gzip

import asyncpg
import httpx

from libs.common.database.connection import dsn
from services.registry.imports.runner import ONE_IMPORT
from tests.security.server import ServedService
from tests.support.waiting import until

PRACTICE = b'"A81001","A SURGERY"' + b',""' * 8 + b',"19740401","","A",""' + b',""' * 13 + b"\n"
NAMED = {"file": "epraccur_2020-09.csv.gz"}
COMMAND = {"code": "14Y", "name": "NHS Buckinghamshire CCG", "kind": "ccg", "effective_on": "2018-04-01"}


def bomb(unpacked: int) -> bytes:
    """Lines of two characters that nothing can be imported from, packed: a thousandth of their size."""
    first = PRACTICE
    return gzip.compress(first + b"x\n" * ((unpacked - len(first)) // 2))


async def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(registry: ServedService) -> None:
    content = gzip.compress(PRACTICE + (b"Q" * 100_000 + b"\n") * 600)
    assert len(content) < 100_000
    before = registry.memory
    answer = await registry.client.post("/v1/imports/previews", params=NAMED, content=content)
    assert answer.status_code == 400, answer.text[:1_000]
    assert "unpacked" in answer.json()["detail"]
    assert len(answer.content) < 10_000
    assert registry.memory - before < 30_000_000


async def test_reading_stops_after_many_refused_lines_and_the_answer_says_so(registry: ServedService) -> None:
    answer = await registry.client.post("/v1/imports/previews", params=NAMED, content=bomb(900_000))
    assert answer.status_code == 400, answer.text[:1_000]
    assert "1000 lines" in answer.json()["detail"]
    assert "it has 1 columns, not 27" in answer.json()["detail"]
    assert len(answer.content) < 10_000


async def test_a_refusal_repeats_only_the_beginning_of_a_line(registry: ServedService) -> None:
    content = PRACTICE + b"Q" * 100_000 + b',""' * 26 + b"\n"
    answer = await registry.client.post(
        "/v1/imports/previews", params={"file": "epraccur_2020-09.csv"}, content=content
    )
    assert answer.status_code == 200, answer.text[:1_000]
    [refused] = answer.json()["not_taken"]
    assert refused["line"] == 2
    assert len(refused["code"]) + len(refused["reason"]) < 400


async def test_previews_that_wait_take_no_connection_from_commands(registry: ServedService) -> None:
    other = await asyncpg.connect(dsn(registry.database_url))
    try:
        async with other.transaction():
            await other.execute(ONE_IMPORT)  # as an import from a shell does while it runs
            previews = [
                asyncio.create_task(registry.client.post("/v1/imports/previews", params=NAMED, content=bomb(10_000)))
                for _ in range(4)
            ]
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            await until(lambda: other.fetchval(waiting), within=30)
            command = await registry.client.post("/v1/organisations", json=COMMAND, params={"dry_run": "true"})
            assert command.status_code == 201, command.text
            assert await other.fetchval(waiting) == 1
            assert not any(one.done() for one in previews)
            for one in previews:
                one.cancel()
            await asyncio.gather(*previews, return_exceptions=True)

            async def none_waits() -> bool:
                return await other.fetchval(waiting) == 0 and not registry.children

            await until(none_waits, within=30)
    finally:
        await other.close()
    answer = await registry.client.post("/v1/imports/previews", params=NAMED, content=gzip.compress(PRACTICE))
    assert answer.status_code == 200


async def test_a_preview_ends_with_a_client_that_had_sent_another_request_after_it(registry: ServedService) -> None:
    other = await asyncpg.connect(dsn(registry.database_url))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    content = gzip.compress(PRACTICE)
    head = f"POST /v1/imports/previews?file={NAMED['file']} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
    signed = f"Authorization: {registry.client.headers['Authorization']}\r\n\r\n"
    try:
        async with other.transaction():
            await other.execute(ONE_IMPORT)
            async with registry.connect() as (_, writer):
                writer.write((head + signed).encode() + content + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                await until(lambda: other.fetchval(waiting), within=30)

            async def none_waits() -> bool:
                return await other.fetchval(waiting) == 0 and not registry.children

            await until(none_waits, within=8)
    finally:
        await other.close()


async def test_beyond_a_few_previews_that_wait_the_answer_is_to_come_again(registry: ServedService) -> None:
    other = await asyncpg.connect(dsn(registry.database_url))
    try:
        async with other.transaction():
            await other.execute(ONE_IMPORT)
            previews = [
                asyncio.create_task(registry.client.post("/v1/imports/previews", params=NAMED, content=bomb(10_000)))
                for _ in range(12)
            ]
            done, waiting = await asyncio.wait(previews, return_when=asyncio.FIRST_COMPLETED)
            busy: httpx.Response = done.pop().result()
            assert (busy.status_code, busy.json()["type"].rpartition("/")[2]) == (503, "too-many-previews")
            assert int(busy.headers["Retry-After"]) > 0
            assert waiting
            for one in previews:
                one.cancel()
            await asyncio.gather(*previews, return_exceptions=True)
    finally:
        await other.close()
