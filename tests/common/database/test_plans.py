"""The plans of the backbone's hot reads on large tables: each by its index, whatever the arguments."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database import tables
from libs.common.database.connection import Database, service_metadata
from libs.common.events.registry import OrganisationRenamed
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from libs.common.messaging import event_log
from libs.common.messaging.event_log import EventFilter
from libs.organisations.projection import KnownOrganisations
from tests.support.databases import Databases, NewDatabase
from tests.support.plans import Plans

pytestmark = pytest.mark.xdist_group("large backbone")  # whose tables are filled once

_LARGE = """
INSERT INTO known_organisation (code) SELECT 'K' || lpad(n::text, 5, '0') FROM generate_series(1, 10000) n;
INSERT INTO known_organisation_belief (subject_id, facet, value, valid, known)
SELECT id, facet, value || id, daterange('2013-04-01', NULL), tstzrange('2013-01-01', NULL)
  FROM known_organisation CROSS JOIN (VALUES (1, 'open'), (2, 'NHS '), (4, 'ccg')) AS facets (facet, value);
INSERT INTO known_succession (code, successor, effective_on, shape, share, merger, source, known)
SELECT 'K' || lpad(n::text, 6, '0'), 'K' || lpad((n + 1)::text, 6, '0'), '2020-04-01', '', '', '', 'bench',
       tstzrange('2020-01-01', NULL)
  FROM generate_series(1, 100000, 2) n;
INSERT INTO event_log (position, event_id, name, keys, recorded_at, body, chain)
SELECT n, gen_random_uuid(), 'OrganisationRenamed', ARRAY['K' || n % 5000], now(), convert_to(jsonb_build_object(
       'id', n, 'source', '/registry',
       'type', 'uk.nhs.footprint.OrganisationRenamed.v1', 'time', '2020-04-01T00:00:00Z',
       'position', n, 'epoch', '', 'keys', 'K' || n % 5000, 'data', jsonb_build_object('code', 'K' || n % 5000)
       )::text, 'UTF8'), 'x'
  FROM generate_series(1, 40000) n;
INSERT INTO sequencer_state VALUES (1, gen_random_uuid(), 40000, 'x');
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields, tx)
SELECT gen_random_uuid(), 'LampLit', 1, ARRAY['lamp'], '', '', '', '', '{}', (n / 3)::text
  FROM generate_series(1, 20000) n;
"""

metadata: MetaData = service_metadata()
tables.add_to(metadata)
known = KnownOrganisations(metadata)


async def _build(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    async with Database(url).connect() as driver:
        await driver.execute(_LARGE)
        await driver.execute("VACUUM ANALYZE")


@pytest.fixture
async def plans(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Plans]:
    """What is read of a database with large tables, explained."""
    database = Database(await new_database(await templates.template_for("large_backbone", _build)))
    async with database.connect() as connection:
        yield Plans(connection)


@pytest.mark.parametrize("codes", [["K00007"], [f"K{n:05}" for n in range(1, 5001)]])
async def test_statuses_of_organisations_are_read_by_code_and_subject(plans: Plans, codes: list[str]) -> None:
    found = await known.statuses(plans, codes, as_at=date(2021, 1, 1))
    assert {one.status for one in found.values()} <= {f"open{n}" for n in range(1, 10001)}
    assert plans.indexes == {"uq_known_organisation_code", "ix_known_organisation_belief_subject_id_facet"}
    assert not plans.read_whole


async def test_successors_and_predecessors_are_read_by_their_indexes(plans: Plans) -> None:
    assert await known.successors(plans, ["K000007"]) == {"K000008"}
    assert plans.indexes == {"uq_known_succession"}
    assert await known.predecessors(plans, ["K000008"]) == {"K000007"}
    assert plans.indexes == {"uq_known_succession", "ix_known_succession_successor"}
    assert plans.read_whole == {"clock"}  # of one row


async def test_a_consumer_reads_the_log_by_position(plans: Plans) -> None:
    assert len(await event_log.read_after(plans, 39_990, 500)) == 10
    assert plans.indexes == {"pk_event_log"}
    assert not plans.read_whole


NATIONAL = Caller("n", frozenset({Role.PARTNER}), frozenset({EVERY_ORGANISATION}))
PARTY = Caller("p", frozenset({Role.PARTNER}), frozenset({"K7"}))


@pytest.mark.parametrize("by", [NATIONAL, PARTY])
async def test_a_page_of_the_feed_is_read_by_position(plans: Plans, by: Caller) -> None:
    page = await event_log.feed(plans, after=20_000, epoch=None, limit=100, visible_to=by)
    assert page.next == 20_100
    assert plans.noted[-1].indexes == {"pk_event_log"}
    assert "event_log" not in plans.read_whole


async def test_the_feed_about_some_bodies_is_read_by_their_keys(plans: Plans) -> None:
    assert OrganisationRenamed.organisation_fields == ("code",)
    page = await event_log.feed(
        plans, after=0, epoch=None, limit=100, visible_to=NATIONAL, asked=EventFilter(about=frozenset({"K7"}))
    )
    assert len(page.items) == 8
    assert plans.noted[-1].indexes == {"ix_event_log_keys"}
    assert "event_log" not in plans.read_whole


async def test_the_sequencer_reads_the_front_of_the_outbox(plans: Plans) -> None:
    """However long the backlog is, a batch reads the first rows, and looks the rest of their transactions up."""
    await plans.fetch(event_log._TAKE, 500, 1000)  # noqa: SLF001  (its caller needs a transaction of its own connection)
    assert plans.indexes == {"pk_outbox", "ix_outbox_tx_id"}
    assert not plans.read_whole
