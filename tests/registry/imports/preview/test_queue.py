"""The queue of previews in the database: what a late runner may still change, and how often one is begun."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database.connection import Database
from libs.common.identity import Caller, Role
from services.registry.imports.preview import queue
from services.registry.imports.views import PreviewState

LOADER = Caller(subject="loader", roles=frozenset({Role.LOADER}), organisations=frozenset({"*"}))


async def content() -> AsyncIterator[bytes]:
    yield b"X1C,NHS ALPHA CCG"


@pytest.fixture
async def reference(database: Database) -> str:
    return await queue.ask(
        database, content(), file="eccg_2016-02.csv", form="", stated_on=None, by=LOADER, most_bytes=1_000
    )


async def claimed(database: Database) -> queue.PreviewJob:
    job = await queue.claim(database)
    assert job is not None
    return job


async def test_a_runner_that_was_silent_changes_nothing_of_a_preview_that_has_ended(
    database: Database, reference: str
) -> None:
    job = await claimed(database)
    await queue.end(database, job.id, PreviewState.REFUSED, "it is no table")
    await queue.end(database, job.id, PreviewState.FAILED, "its process ended")
    await queue.wait_again(database, job.id)
    ended = await queue.get_preview(database, reference, by=LOADER)
    assert (ended.state, ended.reason) == (PreviewState.REFUSED, "it is no table")


async def test_waiting_for_its_turn_is_no_try_and_being_disturbed_is_one(database: Database, reference: str) -> None:
    assert (await queue.get_preview(database, reference, by=LOADER)).state == PreviewState.WAITING
    tries = []
    for tried in (False, False, True, True):
        job = await claimed(database)
        tries.append(job.tries)
        await queue.wait_again(database, job.id, tried=tried)
    assert tries == [1, 1, 1, 2]
    assert (await claimed(database)).tries == 3
