"""A merger of commissioners moves their contracts: ours, and the bare SQL that writes the same rows."""

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
from services.contracts.core.models import known
from services.contracts.tables import METADATA
from services.contracts.transfers.successions import settle_successions

_MANY, _MORE = 5, 10
"""Contracts for each event of the size: 100,000 in a full run, and ten times as many to see that it grows with them."""
_PREDECESSORS, _SUCCESSOR = ("10H", "10Y"), "14Y"
_ON = date(2018, 4, 1)
_STATED = datetime(2018, 3, 1, tzinfo=UTC)
_SIGNED = datetime(2017, 2, 1, tzinfo=UTC)
_BY = service_caller("contracts")

CONTRACTS = """
INSERT INTO contract (reference, title, supplier_code, starts_on, last_day, notice_months, value_basis, drafted_at,
                      status, signed_on, signed_at, version)
SELECT 'BENCH-' || n, 'Support', '0CX', '2017-04-01', '2022-03-31', 6, 'illustrative', $2, 'signed', '2017-02-01', $2, 2
  FROM generate_series(1, $1::int) n
"""

PARTS = """
INSERT INTO contract_line (contract_id, function, annual_pence) SELECT id, 'payroll', 12500000 FROM contract;
INSERT INTO contract_customer (contract_id, customer_code)
SELECT id, CASE id % 2 WHEN 0 THEN '10H' ELSE '10Y' END FROM contract ORDER BY id;
INSERT INTO contract_customer_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
SELECT id, 1, 'customer', daterange(NULL, NULL), '2017-02-01Z', false, 'signature', 'bench' FROM contract_customer;
INSERT INTO contract_customer_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'customer', daterange(NULL, NULL), tstzrange('2017-02-01Z', NULL) FROM contract_customer;
INSERT INTO contract_life_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'active', daterange('2017-04-01', '2022-04-01'), tstzrange('2017-02-01Z', NULL) FROM contract;
"""

# The rows that a transfer leaves, by statements over all contracts at once.
_BARE = """
CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT c.id, c.reference, cc.id AS leaving, cc.customer_code
  FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id WHERE cc.customer_code IN ('10H', '10Y');
INSERT INTO contract_customer (contract_id, customer_code) SELECT id, '14Y' FROM moved;
CREATE TEMP TABLE joined ON COMMIT DROP AS SELECT cc.id FROM contract_customer cc WHERE customer_code = '14Y';
INSERT INTO contract_customer_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
SELECT leaving, 1, NULL, daterange('2018-04-01', NULL), timestamptz '2018-03-01Z', false, 'merger', 'bench' FROM moved
 UNION ALL
SELECT id, 1, 'customer', daterange('2018-04-01', NULL), timestamptz '2018-03-01Z', false, 'merger', 'bench'
  FROM joined;
UPDATE contract_customer_belief SET known = tstzrange(lower(known), '2018-03-01Z') FROM moved
 WHERE subject_id = leaving;
INSERT INTO contract_customer_belief (subject_id, facet, value, valid, known)
SELECT leaving, 1, 'customer', daterange(NULL, '2018-04-01'), tstzrange('2018-03-01Z', NULL) FROM moved
 UNION ALL
SELECT id, 1, 'customer', daterange('2018-04-01', NULL), tstzrange('2018-03-01Z', NULL) FROM joined;
UPDATE contract SET version = version + 1 WHERE id IN (SELECT id FROM moved);
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)
SELECT gen_random_uuid(), 'ContractTransferred', 1, ARRAY[reference, '0CX', customer_code, '14Y'], 'bench', '', '', '',
       jsonb_build_object('contract', reference, 'supplier', '0CX', 'from_customers', ARRAY[customer_code],
                          'customers', ARRAY['14Y'], 'merger', 'M', 'annual_pence', 12500000)::text
  FROM moved;
INSERT INTO change_of_hands
       (contract_id, merger, from_customers, to_customer, customers_before, customers, effective_on, stated_at,
        caused_by)
SELECT id, 'M', ARRAY[customer_code], '14Y', ARRAY[customer_code], ARRAY['14Y'], date '2018-04-01',
       timestamptz '2018-03-01Z', 'bench'
  FROM moved;
"""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            urls = [await new_database(server, f"contracts_{times}", METADATA) for times in (_MANY, _MORE * _MANY)]
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


async def _fill(database: Database, contracts: int) -> None:
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
        await connection.execute(CONTRACTS, contracts, _SIGNED)
        await connection.execute(PARTS)
        await connection.execute("ANALYZE")


async def _ours(session: AsyncSession) -> None:
    assert await settle_successions(session, _PREDECESSORS, on=_ON, stated_at=_STATED, by=_BY)


BENCHMARK = Benchmark(
    name="novations",
    words="a merger's reaction moves 100,000 and 1,000,000 contracts: contracts a second, beside bare SQL of the rows",
    units={"ours": "/s", "bare SQL": "/s", "ours, ten times as many": "/s"},
    aims=[
        Aim("ours", "bare SQL", at_least=0.3),
        Aim("ours, ten times as many", "ours", at_least=0.8),
    ],
    stage=_stage,
    rounds=3,
)
