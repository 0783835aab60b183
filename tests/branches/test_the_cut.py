"""No copy has heard what its publisher's copy does not hold, whoever writes meanwhile; what fails leaves nothing."""

import asyncio
import itertools

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.branches import bases
from deploy.branches.bases import BarrierNotReached, CopyFailed, Hearer, LogEnd, cut, inconsistencies, make_base
from deploy.branches.servers import BranchServer
from libs.common.database.connection import dsn
from libs.common.identity import Role
from services.governance.tables import METADATA
from tests.support.builders import a_ccg
from tests.support.platform import Platform

_TRIES = 8


def _ignored(_: str) -> None:
    return


async def test_no_copy_has_heard_what_its_publishers_copy_does_not_hold_while_others_write(life: Platform) -> None:
    stopping = asyncio.Event()
    written = [asyncio.create_task(_write(life, number, stopping)) for number in range(4)]
    ends = []
    try:
        for _ in range(_TRIES):
            async with cut(life.urls) as snapshots:
                copied = await bases.read_positions(life.urls, snapshots)
            assert inconsistencies(*copied) == []
            ends.append(copied[0]["registry"].position)
    finally:
        stopping.set()
        await asyncio.gather(*written)
    assert len(set(ends)) > 2, "nothing was written between the cuts"


async def _write(life: Platform, number: int, stopping: asyncio.Event) -> None:
    for count in itertools.count():
        if stopping.is_set():
            return
        ccgs = {"organisations": [a_ccg(f"W{number}{count:04}")]}
        await life.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)


async def test_the_barrier_is_given_up_by_the_names_of_those_who_are_at_work(life: Platform) -> None:
    connection = await asyncpg.connect(dsn(life.urls["finance"]))
    try:
        await connection.execute("BEGIN; LOCK TABLE consumer_offset IN ROW EXCLUSIVE MODE")
        with pytest.raises(BarrierNotReached) as refused:
            async with cut(life.urls, within=0):
                pass
    finally:
        await connection.close()
    assert [reason.field for reason in refused.value.reasons] == ["finance"]


async def test_a_copy_that_fails_or_is_cancelled_leaves_no_database(life: Platform, server: BranchServer) -> None:
    before = await server.databases()
    broken = BranchServer(server.url, server.programs.parent)
    with pytest.raises((CopyFailed, FileNotFoundError)):
        await make_base(life.urls, broken, "0" * 10, say=_ignored)
    copying = asyncio.Event()
    making = asyncio.create_task(
        make_base(life.urls, server, "1" * 10, say=lambda doing: copying.set() if "copying" in doing else None)
    )
    await copying.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert await server.databases() == before


def test_each_table_with_words_of_persons_is_written_anew_without_them() -> None:
    of_persons = {table.name for table in METADATA.sorted_tables if "words" in table.columns}
    assert "gift_words" in of_persons
    written_anew = {name for name in of_persons if f"TABLE public.{name} ALTER words" in bases.FORGOTTEN["governance"]}
    assert written_anew == of_persons


ENDS = st.integers(0, 9)


@given(ENDS, ENDS, st.booleans())
def test_a_base_is_refused_where_a_hearer_is_ahead_or_of_another_epoch(end: int, heard: int, same: bool) -> None:
    there = None if heard > end else "a" if same else "b"
    found = inconsistencies({"registry": LogEnd("a", end)}, [Hearer("finance", "registry", heard, "a", there)])
    assert bool(found) == (heard > end or (heard > 0 and not same))
