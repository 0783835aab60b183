"""Measures reading a contract as at a day and as known at an instant, against the plain read, among a million."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import cycle

from bench.novations import CONTRACTS, PARTS
from bench.runner import TINY, Aim, Benchmark, Contest, Measure, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from libs.common.database.connection import Database, raw
from libs.common.events.registry import CCGMerged, OrganisationOpened
from libs.common.identity import Caller, Role, service_caller
from services.contracts.core.models import known
from services.contracts.core.queries import get_contract
from services.contracts.tables import METADATA
from services.contracts.transfers.successions import settle_successions

_MANY, _MORE = 5, 10
"""Contracts for each event of the size: 100,000 in a full run, and ten times as many to see that it stays flat."""
_LEAD = Caller(subject="bench", roles=frozenset({Role.CONTRACT_LEAD}), organisations=frozenset({"14Y"}))
_PREDECESSORS, _SUCCESSOR = ("10H", "10Y"), "14Y"
_ON, _STATED, _SIGNED = date(2018, 4, 1), datetime(2018, 3, 1, tzinfo=UTC), datetime(2017, 2, 1, tzinfo=UTC)
_PLAIN: tuple[tuple[date, datetime | None], ...] = ((date(2020, 1, 1), None),)
_DATED = tuple(
    (date(year, 6, 1), datetime(known_in, 7, 1, tzinfo=UTC)) for year in (2017, 2019) for known_in in (2017, 2018)
)


async def _fill(database: Database, contracts: int) -> None:
    """Sign contracts of two bodies, and let the body into which these merge take them over."""
    opened_on, stated = date(2013, 4, 1), datetime(2013, 4, 1, tzinfo=UTC)
    merged = CCGMerged(
        effective_on=_ON,
        stated_at=_STATED,
        merger="M",
        successor=_SUCCESSOR,
        successor_name="NHS Buckinghamshire CCG",
        predecessors=_PREDECESSORS,
    )
    async with database.begin() as session:
        connection = await raw(session)
        told = [
            OrganisationOpened(effective_on=opened_on, stated_at=stated, code=code, name=code, kind="ccg")
            for code in _PREDECESSORS
        ]
        await known.know([*told, merged], connection)
        await connection.execute(CONTRACTS, contracts, _SIGNED)
        await connection.execute(PARTS)
        await connection.execute("ANALYZE")
        by = service_caller("contracts")
        await settle_successions(session, _PREDECESSORS, on=_ON, stated_at=_STATED, by=by)
    async with database.connect() as connection:
        await connection.execute("VACUUM ANALYZE")


def _reading(
    figure: str, database: Database, contracts: int, asked: Sequence[tuple[date, datetime | None]], seconds: float
) -> Measure:
    async def measure() -> dict[str, float]:
        places = cycle(range(1, contracts + 1, 7))
        read, began = 0, time.perf_counter()
        while time.perf_counter() < began + seconds:
            as_at, as_known = asked[read % len(asked)]
            reference = f"BENCH-{next(places)}"
            await get_contract(database, reference, by=_LEAD, as_at=as_at, as_known=as_known)
            read += 1
        return {figure: read / (time.perf_counter() - began)}

    return measure


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            urls = [await new_database(server, f"contracts_{times}", METADATA) for times in (_MANY, _MORE * _MANY)]
            count = 100 if size is TINY else size.events * _MANY
            async with opened(urls[0]) as few, opened(urls[1]) as many:
                await _fill(few, count)
                await _fill(many, count * _MORE)
                yield Contest(
                    [
                        _reading("now", few, count, _PLAIN, size.seconds),
                        _reading("as at, as known", few, count, _DATED, size.seconds),
                        _reading("among ten times as many", many, count * _MORE, _DATED, size.seconds),
                    ]
                )


BENCHMARK = Benchmark(
    name="dated",
    words="a contract read as at a day, as known at an instant, among 100,000 and 1,000,000, against the plain read",
    units=dict.fromkeys(("now", "as at, as known", "among ten times as many"), "reads/s"),
    aims=[
        Aim("as at, as known", "now", at_least=0.8),
        Aim("among ten times as many", "as at, as known", at_least=0.8),
    ],
    stage=_stage,
)
