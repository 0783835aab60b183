"""Each safeguard between a commit and the log, taken away once: an invariant of the log is then found broken."""

import asyncio

import asyncpg
import pytest

from libs.common.events import Envelope
from libs.common.messaging import event_log, outbox
from libs.common.messaging.verification import verify
from tests.faults.mutation import changed, held_only_if, with_and_without
from tests.support.sample_projection import Lamps, lit
from tests.support.waiting import until

_SPLITTING = """
DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1) AND $2::int IS DISTINCT FROM -1 RETURNING *
"""


async def told(lamps: Lamps) -> list[tuple[str, int]]:
    entries = [Envelope.decode(entry.body) for entry in await event_log.read_after(lamps.publisher, 0, 1000)]
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    return [(entry.fields["lamp"], entry.fields["shine"]) for entry in entries]


@with_and_without
async def test_the_lock_of_the_state_row_keeps_two_sequencers_apart(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    await lamps.told(lit("a", 0))
    if not safe:
        changed(monkeypatch, event_log, "append_from_outbox", {'f"{_STATE} FOR UPDATE"': "_STATE"})
    await lamps.tell(lit("a", 1))
    async with lamps.publisher.connect() as one, lamps.publisher.connect() as other:
        async with one.transaction():
            assert await event_log.append_from_outbox(one, "lamps") == 1
            await lamps.tell(lit("a", 2))
            second = asyncio.create_task(event_log.append_from_outbox(other, "lamps"))
            await _waits_for_a_lock(lamps, other.get_server_pid())
        [outcome] = await asyncio.gather(second, return_exceptions=True)
    with held_only_if(safe):
        assert not isinstance(outcome, BaseException), repr(outcome)
        assert await told(lamps) == [("a", 0), ("a", 1), ("a", 2)]
        assert (await verify(lamps.publisher)).is_whole


async def _waits_for_a_lock(lamps: Lamps, pid: int) -> None:
    async def waits() -> bool:
        row = await lamps.publisher.fetchrow("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $1", pid)
        return row is not None and row["wait_event_type"] == "Lock"

    await until(waits)


@with_and_without
async def test_whole_transactions_are_taken_so_that_nobody_reads_half_of_one(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        monkeypatch.setattr(event_log, "_TAKE", _SPLITTING)
    sizes = [2, 3, 1, 7, 1]
    for number, size in enumerate(sizes):
        await lamps.tell(*(lit(f"transaction {number}", n) for n in range(size)))
    with held_only_if(safe):
        async with lamps.publisher.connect() as connection:
            while await event_log.append_from_outbox(connection, "lamps", batch=4):
                seen = [lamp for lamp, _ in await told(lamps)]
                for number, size in enumerate(sizes):
                    assert seen.count(f"transaction {number}") in (0, size)
        assert len(seen) == sum(sizes)


@with_and_without
async def test_the_order_is_that_of_the_highest_ids_so_that_who_waited_comes_after(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        lowest = {'max(row["id"], last.get(row["tx"], 0))': 'min(row["id"], last.get(row["tx"], row["id"]))'}
        changed(monkeypatch, event_log, "in_order_of_transactions", lowest)
        taking = vars(event_log)["_TAKE"].replace("max(id) AS last", "min(id) AS last")
        monkeypatch.setattr(event_log, "_TAKE", taking)
    async with lamps.publisher.begin() as waits:
        await outbox.add(waits, lit("a", 1))
        await lamps.tell(lit("b", 2))
        await outbox.add(waits, lit("b", 3))
    await lamps.sequence()
    with held_only_if(safe):
        assert [shine for lamp, shine in await told(lamps) if lamp == "b"] == [2, 3]


@with_and_without
async def test_taking_from_the_outbox_and_no_cursor_finds_who_commits_late(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    """The naive way instead, a cursor over ids: what has an id below the last one taken is not looked at again."""
    last = 0

    async def naive(connection: asyncpg.Connection, service: str) -> int:
        nonlocal last
        await connection.execute("DELETE FROM outbox WHERE id <= $1", last)
        last = await connection.fetchval("SELECT coalesce(max(id), $1) FROM outbox", last)
        return await taking(connection, service)

    taking = event_log.append_from_outbox
    if not safe:
        monkeypatch.setattr(event_log, "append_from_outbox", naive)
    async with lamps.publisher.begin() as early:
        await outbox.add(early, lit("a", 1))
        await lamps.told(lit("b", 2))
    await lamps.sequence()
    with held_only_if(safe):
        assert await told(lamps) == [("b", 2), ("a", 1)]
