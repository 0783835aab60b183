"""Exits of 10,000 contracts beside fetching their rows, and 100,000 alerts beside the bare INSERT of the same rows."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bench.novations import CONTRACTS, PARTS
from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from bench.stopwatch import Work, seconds_of, sql
from libs.common.database.connection import Database, raw
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import service_caller
from services.contracts.core.models import known
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.exits.calendars import calendar_of
from services.contracts.findings.commands import NewFinding, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.tables import METADATA

_BY = service_caller("contracts")
_DAY = date(2018, 6, 1)
_STATED = datetime(2018, 6, 1, tzinfo=UTC)

_BARE = """
INSERT INTO finding (key, kind, about, parties, due_on, exposure_pence, text, raised_on, raised_at)
SELECT 'notice_window_opens:' || n, 'notice_window_opens', ARRAY['BENCH-' || n], ARRAY['10H'], '2018-09-30', 12500000,
       'Notice of BENCH-' || n || ' is due by 2018-09-30', '2018-06-01', '2018-06-01Z'
  FROM generate_series(1, {count}) n
"""
_BARE_EVENTS = """
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)
SELECT gen_random_uuid(), 'ContractFindingRaised', 1, about || parties || key, 'bench', '', '', '',
       jsonb_build_object('effective_on', raised_on, 'stated_at', raised_at, 'finding', key, 'about', about,
                          'parties', parties, 'kind', kind, 'due_on', due_on, 'exposure_pence', exposure_pence,
                          'text', text)::text
  FROM finding
"""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    contracts, alerts = size.events // 2, size.events * 5
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            url = await new_database(server, "contracts", METADATA)
            async with opened(url) as database:
                await _fill(database, contracts)
                bare = sql(_BARE.format(count=alerts), _BARE_EVENTS)

                async def exits() -> Mapping[str, float]:
                    began = time.perf_counter()
                    for code in ("10H", "10Y"):
                        assert await calendar_of(database, code, by=_BY, as_at=_DAY, as_known=None)
                    return {"exits": contracts / (time.perf_counter() - began)}

                async def rows() -> Mapping[str, float]:
                    began = time.perf_counter()
                    for code in ("10H", "10Y"):
                        wanted = ContractFilter(customer=code)
                        assert await list_contracts(database, wanted, by=_BY, as_at=_DAY, as_known=None)
                    return {"rows": contracts / (time.perf_counter() - began)}

                async def raised() -> Mapping[str, float]:
                    return {"alerts": alerts / await seconds_of(database, _alerts(alerts))}

                async def inserted() -> Mapping[str, float]:
                    return {"bare INSERT": alerts / await seconds_of(database, bare)}

                yield Contest([exits, rows, raised, inserted])


async def _fill(database: Database, contracts: int) -> None:
    async with database.begin() as session:
        connection = await raw(session)
        told = [
            OrganisationOpened(
                effective_on=date(2013, 4, 1),
                stated_at=datetime(2013, 4, 1, tzinfo=UTC),
                code=code,
                name=code,
                kind="ccg",
            )
            for code in ("10H", "10Y")
        ]
        await known.know(told, connection)
        await connection.execute(CONTRACTS, contracts, datetime(2017, 2, 1, tzinfo=UTC))
        await connection.execute(PARTS)
        await connection.execute("UPDATE contract SET exit_terms = '{\"renewal_months\": 12}'")
        await connection.execute("ANALYZE")


def _alerts(count: int) -> Work:
    """Return the work of raising so many findings, which publishes them."""
    findings = [
        NewFinding(
            key=f"notice_window_opens:{n}",
            kind=FindingKind.NOTICE_WINDOW_OPENS,
            about=(f"BENCH-{n}",),
            parties=("10H",),
            text=f"Notice of BENCH-{n} is due by 2018-09-30",
            effective_on=_DAY,
            due_on=date(2018, 9, 30),
            exposure_pence=12_500_000,
        )
        for n in range(count)
    ]

    async def run(session: AsyncSession) -> None:
        assert await raise_findings(session, findings, stated_at=_STATED) == count

    return run


BENCHMARK = Benchmark(
    name="exits",
    words="the exits of 10,000 contracts in one answer beside fetching their rows; 100,000 alerts beside bare INSERTs",
    units={"exits": "/s", "rows": "/s", "alerts": "/s", "bare INSERT": "/s"},
    aims=[Aim("exits", "rows", at_least=0.4), Aim("alerts", "bare INSERT", at_least=0.3)],
    stage=_stage,
    rounds=5,
)
