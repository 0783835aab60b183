"""A merger of commissioners restates their budgets: ours, and the bare SQL that writes the same rows."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from bench.stopwatch import seconds_of, sql
from libs.common.database.connection import Database, raw
from libs.common.events.registry import CCGMerged, OrganisationOpened
from libs.common.identity import service_caller
from services.finance.core.models import known
from services.finance.lines.restatement import restate_budgets
from services.finance.tables import METADATA

_MANY, _MORE = 5, 10
"""Lines for each event of the size: 100,000 in a full run, and ten times as many to see that it grows with them."""
_PREDECESSORS, _SUCCESSOR = ("10H", "10Y"), "14Y"
_ON = date(2018, 4, 1)
_STATED = datetime(2018, 3, 1, tzinfo=UTC)
_SET = datetime(2018, 2, 1, tzinfo=UTC)
_BY = service_caller("finance")

# Every line of a predecessor has an account of its own, and so a line of its own of the successor.
LINES = """
INSERT INTO budget_line (organisation_code, financial_year, account, function, service, locality, care_model, pay,
                         recurrent, admin, transition)
SELECT CASE n % 2 WHEN 0 THEN '10H' ELSE '10Y' END, 2018, n::text, 'payroll', '', '', '', false, true, false, false
  FROM generate_series(1, $1::int) n
"""
ENTRIES = """
INSERT INTO budget_entry (line_id, kind, effective_on, stated_at, amount_pence, annual_pence, recorded_by)
SELECT id, 'set', '2018-04-01', '2018-02-01Z', 1000 + id, 1000 + id, 'bench' FROM budget_line
"""

# The rows that a restatement leaves, by statements over all lines at once.
_BARE = """
CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT e.id, e.line_id, l.account, l.organisation_code, e.amount_pence
  FROM budget_entry e JOIN budget_line l ON l.id = e.line_id WHERE l.organisation_code IN ('10H', '10Y');
INSERT INTO budget_line (organisation_code, financial_year, account, function, service, locality, care_model, pay,
                         recurrent, admin, transition)
SELECT '14Y', 2018, account, 'payroll', '', '', '', false, true, false, false FROM moved;
INSERT INTO budget_entry (line_id, other_line_id, kind, effective_on, stated_at, amount_pence, annual_pence, source_id,
                          succession, believed_from, cause, released, recorded_by)
SELECT own, other, 'restated', date '2018-04-01', timestamptz '2018-03-01Z', sign * amount_pence, sign * amount_pence,
       m.id, m.organisation_code || ' 2018-04-01', timestamptz '2018-03-01Z', '14Y:1 2018-03-01T00:00:00+00:00',
       sign < 0, 'bench'
  FROM moved m JOIN budget_line s ON s.organisation_code = '14Y' AND s.account = m.account,
       LATERAL (VALUES (m.line_id, s.id, -1), (s.id, m.line_id, 1)) AS half (own, other, sign);
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)
SELECT gen_random_uuid(), 'BudgetRestated', 1, ARRAY['14Y', 'BL-' || s.id, m.organisation_code], 'bench', '', '', '',
       jsonb_build_object('organisation', '14Y', 'financial_year', '2018-19', 'line', 'BL-' || s.id, 'account',
                          m.account, 'function', 'payroll', 'pay', false, 'recurrent', true, 'amount_pence',
                          amount_pence, 'predecessors', ARRAY[m.organisation_code], 'released_pence',
                          ARRAY[amount_pence], 'merger', 'M')::text
  FROM moved m JOIN budget_line s ON s.organisation_code = '14Y' AND s.account = m.account;
"""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            urls = [await new_database(server, f"finance_{times}", METADATA) for times in (_MANY, _MORE * _MANY)]
            count = 100 if size is TINY else size.events * _MANY
            async with opened(urls[0]) as few, opened(urls[1]) as many:
                await _fill(few, count)
                await _fill(many, count * _MORE)

                async def ours() -> Mapping[str, float]:
                    return {"ours": count / await seconds_of(few, _ours)}

                async def bare() -> Mapping[str, float]:
                    return {"bare SQL": count / await seconds_of(few, sql(_BARE))}

                async def tenfold() -> Mapping[str, float]:
                    return {"ours, ten times as many": count * _MORE / await seconds_of(many, _ours)}

                yield Contest([ours, bare, tenfold])


async def _fill(database: Database, lines: int) -> None:
    opened_on = date(2013, 4, 1)
    stated = datetime(2013, 4, 1, tzinfo=UTC)
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
        await connection.execute(LINES, lines)
        await connection.execute(ENTRIES)
        await connection.execute("ANALYZE")


async def _ours(session: AsyncSession) -> None:
    assert await restate_budgets(session, _PREDECESSORS, by=_BY)


BENCHMARK = Benchmark(
    name="restating",
    words="a merger restates 100,000 and 1,000,000 budget lines: lines a second, beside bare SQL of the same rows",
    units={"ours": "/s", "bare SQL": "/s", "ours, ten times as many": "/s"},
    aims=[
        Aim("ours", "bare SQL", at_least=0.3),
        Aim("ours, ten times as many", "ours", at_least=0.8),
    ],
    stage=_stage,
    rounds=3,
)
