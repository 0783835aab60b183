"""A database of the release before comes along with what it holds."""

from importlib import import_module

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import Database
from libs.common.database.migrations import configuration, migrate, versions_of
from libs.common.temporal.timeline import Timeline
from libs.organisations.projection import KnownOrganisations
from services.governance.commitments.models import known_commitments
from services.governance.core.models import WITH_BODY
from services.governance.mergers.models import known_mergers
from services.governance.mergers.queries import list_mergers
from services.governance.obstructions.models import known_prices
from services.governance.subjects.models import known_agreements, known_subjects
from services.registry.clusters.models import cluster_time
from services.registry.reorganisations.models import reorganisation_time
from tests.support.databases import NewDatabase

_HEARD = """
INSERT INTO known_organisation (code, kind) VALUES ('10Y', 'ccg'), ('14Y', 'ccg'), ('5P1', 'unknown');
INSERT INTO known_organisation_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 1, 'open', '[2013-04-01,)', '2013-01-01', false, 'registry', 'service:registry'),
       (1, 2, 'NHS Aylesbury Vale CCG', '[2013-04-01,)', '2013-01-01', true, 'registry', 'service:registry'),
       (1, 1, 'closed', '[2018-04-01,)', '2018-01-01', false, 'registry', 'service:registry'),
       (2, 1, 'proposed', '[2017-01-15,)', '2017-01-15', false, 'registry', 'service:registry');
"""
_HELD = """
INSERT INTO organisation (code, kind, version) VALUES ('10Y', 'ccg', 1), ('14Y', 'ccg', 1), ('RJD', 'nhs_trust', 1);
INSERT INTO organisation_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 1, 'open', '[2013-04-01,)', '2013-01-01', false, 'command', 'somebody'),
       (1, 2, 'NHS Aylesbury Vale CCG', '[2013-04-01,)', '2013-01-01', true, 'command', 'somebody'),
       (2, 1, 'proposed', '[2017-01-15,)', '2017-01-15', false, 'command', 'somebody');
INSERT INTO succession (code, successor, effective_on, stated_at, source, merger)
VALUES ('10Y', '14Y', '2018-04-01', '2018-01-01', 'command', 'M-14Y'),
       ('RJD', 'RXK', '2014-11-01', '2022-10-31', 'ods:succ.csv', NULL);
"""
_FOLLOWED = """
SELECT s.code, s.successor, s.shape, s.share, s.merger, lower(s.known)::date::text, said.holds
  FROM succession s JOIN succession_statement said USING (code, successor, effective_on, shape, share, merger)
 ORDER BY 1
"""
_KINDS = """
SELECT o.code, b.value, b.valid::text, lower(b.known)::date::text AS since
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id AND b.facet = 4 ORDER BY 1
"""


@pytest.mark.parametrize("service", ["contracts", "finance", "governance"])
async def test_kinds_become_facts_of_their_openings_and_proposals(service: str, new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, service, "0001", _HEARD)
    await migrate(url, service)
    assert await _rows(url, _KINDS) == [
        ("10Y", "ccg", "(,)", "2013-01-01"),
        ("14Y", "ccg", "(,)", "2017-01-15"),
    ]


_BODIES = (
    '{"id":"1","causationid":"request-1","correlationid":"story-1","data":{"causationid":"no envelope"}}',
    '{"id":"2","data":{}}',
)


async def test_a_log_is_indexed_by_the_causes_that_its_envelopes_name(new_database: NewDatabase) -> None:
    url = await new_database(None)
    values = ", ".join(
        f"({number}, gen_random_uuid(), 'CCGMerged', '{{}}', now(), convert_to('{body}', 'UTF8'), '')"
        for number, body in enumerate(_BODIES, 1)
    )
    columns = "position, event_id, name, keys, recorded_at, body, chain"
    # The other services' migrations are the same; the registry's are the fewest.
    await _at(url, "registry", "0016", f"INSERT INTO event_log ({columns}) VALUES {values}")
    await migrate(url, "registry")
    found = await _rows(url, "SELECT causation, correlation FROM event_log ORDER BY position")
    assert found == [("request-1", "story-1"), ("", "")]


_FOLLOWED_BEFORE = """
INSERT INTO known_succession (code, successor, effective_on, stated_at, merger, undone_at)
VALUES ('10Y', '14Y', '2018-04-01', '2018-01-01', 'M-14Y', NULL),
       ('5P1', '10Y', '2013-04-01', '2013-01-01', NULL, '2014-01-01');
"""
_KNOWN_TO_FOLLOW = """
SELECT code, successor, shape, share, merger, lower(known)::date::text, upper(known)::date::text
  FROM known_succession ORDER BY 1
"""
_STATED_TO_FOLLOW = "SELECT code, holds, stated_at::date::text FROM known_succession_statement ORDER BY 1, 3"


@pytest.mark.parametrize("service", ["contracts", "finance", "governance"])
async def test_hearers_keep_who_followed_whom_and_mark_it_to_be_rebuilt(
    service: str, new_database: NewDatabase
) -> None:
    url = await new_database(None)
    await _at(url, service, "0002", _FOLLOWED_BEFORE)
    await migrate(url, service)
    assert await _rows(url, _KNOWN_TO_FOLLOW) == [
        ("10Y", "14Y", "merger", "1", "M-14Y", "2018-01-01", None),
        ("5P1", "10Y", "", "", "", "2013-01-01", "2014-01-01"),
    ]
    assert await _rows(url, _STATED_TO_FOLLOW) == [
        ("10Y", True, "2018-01-01"),
        ("5P1", True, "2013-01-01"),
        ("5P1", False, "2014-01-01"),
    ]
    known: KnownOrganisations = import_module(f"services.{service}.core.models").known
    assert await _rows(url, known.projection.carried_over) == [(True,)]


_CHANGED_HANDS_BEFORE = """
INSERT INTO contract (reference, title, supplier_code, starts_on, last_day, notice_months, value_basis, drafted_at,
                      status, version)
SELECT reference, 'support', '0CX', '2020-04-01', '2023-03-31', 6, 'illustrative', '2017-01-10', 'draft', version
  FROM (VALUES ('UNREVISED', 3), ('REVISED', 4)) AS draft (reference, version);
INSERT INTO change_of_hands
       (contract_id, merger, from_customers, to_customer, customers, effective_on, stated_at, caused_by)
SELECT c.id, merger, ARRAY[gone], successor, ARRAY[successor, '05Y'], day::date, day::timestamptz, 'event'
  FROM contract c, (VALUES ('M-1', '10H', '14Y', '2018-04-01'), ('M-2', '14Y', '99X', '2019-04-01'))
                AS merged (merger, gone, successor, day) ORDER BY c.id, merger;
"""
_CUSTOMERS_BEFORE = """
SELECT c.reference, h.merger, h.customers_before FROM change_of_hands h JOIN contract c ON c.id = h.contract_id
 ORDER BY c.reference DESC, h.id
"""


async def test_the_customers_before_a_change_are_those_after_the_last_where_no_revision_came_between(
    new_database: NewDatabase,
) -> None:
    url = await new_database(None)
    await _at(url, "contracts", "0004", _CHANGED_HANDS_BEFORE)
    await migrate(url, "contracts")
    assert await _rows(url, _CUSTOMERS_BEFORE) == [
        ("UNREVISED", "M-1", None),
        ("UNREVISED", "M-2", ["14Y", "05Y"]),
        ("REVISED", "M-1", None),
        ("REVISED", "M-2", None),
    ]


_BODIES_ENDED_BEFORE = """
INSERT INTO body_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 1, 'stands', '[2013-04-01,)', '2013-04-01', false, 'governance', 'service:governance'),
       (1, 1, NULL, '[2018-04-01,)', '2018-04-01', false, 'governance', 'service:governance');
INSERT INTO right_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 1, NULL, '[2017-04-01,)', '2017-04-01', false, 'governance', 'lead'),
       (2, 1, NULL, '[2018-04-01,)', '2018-04-01', false, 'governance', 'service:governance');
"""
_ENDS = """
SELECT 'body', subject_id, value, source FROM body_time_statement
 UNION ALL
SELECT 'right', subject_id, value, source FROM right_time_statement ORDER BY 1, 2, 3
"""


async def test_what_ended_with_its_body_is_told_from_what_a_command_ended(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "governance", "0003", _BODIES_ENDED_BEFORE)
    await migrate(url, "governance")
    assert await _rows(url, _ENDS) == [
        ("body", 1, "stands", "governance"),
        ("body", 1, None, WITH_BODY),
        ("right", 1, None, "governance"),
        ("right", 2, None, WITH_BODY),
    ]


_WORDS_BEFORE = """
INSERT INTO body (reference, organisation, title) VALUES ('10H-governing-body', '10H', 'Governing body');
INSERT INTO post (body_id, reference, slug, title) VALUES (1, '10H/chair', 'chair', 'Chair');
INSERT INTO person (id, display_name) VALUES ('P-1', 'A name'), ('P-2', 'Another');
INSERT INTO appointment (id, post_id, person_id, version) VALUES ('A-1', 1, 'P-1', 1);
INSERT INTO decision_right (body_id, function, source_minute, recurrent, version)
VALUES (1, 'payroll', 'Minute 1', false, 1);
INSERT INTO post_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 2, 'A-1', '[2014-04-01,)', '2014-04-01', false, 'governance', 'lead'),
       (1, 3, 'created without a holder', '[2013-04-01,)', '2013-04-01', false, 'governance', 'lead'),
       (1, 3, 'ill since May', '[2015-04-01,)', '2015-04-01', false, 'governance', 'lead'),
       (1, 3, '10H closed', '[2018-04-01,)', '2018-04-01', false, 'governance', 'service:governance');
INSERT INTO post_time_belief (subject_id, facet, value, valid, known)
VALUES (1, 2, 'A-1', '[2014-04-01,)', '[2014-04-01,)'),
       (1, 3, 'ill since May', '[2015-04-01,2018-04-01)', '[2015-04-01,)');
INSERT INTO right_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
VALUES (1, 3, 'no trust in the holder', '[2015-04-01,)', '2015-04-01', false, 'governance', 'lead');
"""
_REASONS = """
SELECT 'act', operation || ' ' || subject, note FROM act
 UNION ALL SELECT 'belief', facet::text, value FROM post_time_belief WHERE facet = 3
 UNION ALL SELECT 'post', facet::text, value FROM post_time_statement WHERE facet = 3
 UNION ALL SELECT 'right', facet::text, value FROM right_time_statement WHERE facet = 3
 ORDER BY 1, 2, 3
"""


async def test_words_that_callers_gave_as_reasons_become_notes_and_people_get_keepers(
    new_database: NewDatabase,
) -> None:
    url = await new_database(None)
    await _at(url, "governance", "0005", _WORDS_BEFORE)
    await migrate(url, "governance")
    assert await _rows(url, _REASONS) == [
        ("act", "appointment ended 10H/chair", "ill since May"),
        ("act", "right ended right 1", "no trust in the holder"),
        ("belief", "3", "Ended"),
        ("post", "3", "10H closed"),
        ("post", "3", "Ended"),
        ("post", "3", "created without a holder"),
        ("right", "3", "Ended"),
    ]
    assert await _rows(url, "SELECT id, organisation, version FROM person ORDER BY id") == [
        ("P-1", "10H", 1),
        ("P-2", None, 1),
    ]


async def test_the_registry_keeps_its_kinds_and_successions(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "registry", "0001", _HELD)
    await migrate(url, "registry")
    assert await _rows(url, _KINDS.replace("known_", "")) == [
        ("10Y", "ccg", "(,)", "2013-01-01"),
        ("14Y", "ccg", "(,)", "2017-01-15"),
    ]
    assert await _rows(url, _FOLLOWED) == [
        ("10Y", "14Y", "merger", "1", "M-14Y", "2018-01-01", True),
        ("RJD", "RXK", "", "", "", "2022-10-31", True),
    ]


_APPLIED = r"""
INSERT INTO merger (reference, successor, successor_name, predecessors, status, effective_on, rule_pack, version)
VALUES ('M-14Y', '14Y', 'NHS 14Y', '{10H,10Y}', 'agreed', '2020-04-01', '', 1);
INSERT INTO merger_condition (merger_id, number, text, stated_at, met_on, evidence, evidenced_at, evidenced_by)
VALUES (1, 1, 'Sign off', '2019-09-01', '2019-09-30', 'Minute 7', '2019-10-01', 'lead'),
       (1, 2, 'Name a chair', '2019-09-01', NULL, NULL, NULL, NULL);
INSERT INTO merger_application (reference, kind, successor, applicants, filed_by, filed_on, status, version)
VALUES ('A-14Y', 'ccg', '14Y', '{10H,10Y}', '10Y', '2019-09-01', 'approved_with_conditions', 1);
INSERT INTO merger_application_step (application_id, number, act, status, content, stated_at, stated_by)
VALUES (1, 1, 'filed', 'filed', U&'{"constitution": "Page\202E 1\200B"}', '2019-09-01', 'somebody')
"""


async def test_conditions_and_evidence_get_a_term_and_applications_visible_words(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "registry", "0003", _APPLIED)
    await migrate(url, "registry")
    assert await _rows(url, "SELECT number, condition, text FROM merger_condition ORDER BY number") == [
        (1, "other", "Sign off"),
        (2, "other", "Name a chair"),
    ]
    evidence = "SELECT number, met_on::text, evidence_type, evidence, stated_at::date::text, stated_by"
    assert await _rows(url, f"{evidence} FROM merger_evidence") == [
        (1, "2019-09-30", "other", "Minute 7", "2019-10-01", "lead")
    ]
    assert await _rows(url, "SELECT content->>'constitution', filed_by FROM merger_application_step") == [
        ("Page 1", "10Y")
    ]


_CLUSTERED = """
INSERT INTO cluster (reference, name, icbs, shares, first_day, stated_at, stated_by, ended_on, ended_at, ended_by,
                     version)
VALUES ('CL-QMJ', 'N', '{QMJ,QRV}', '{chair}', '2025-10-01', '2025-09-01', 'lead', '2026-04-01', '2026-01-01', 'other',
        2),
       ('CL-QHM', 'S', '{QHM,QF7}', '{chair}', '2025-10-01', '2025-09-01', 'lead', NULL, NULL, NULL, 1);
"""
_CLUSTERS_STAND = """
SELECT c.reference, b.valid::text, lower(b.known)::date::text, upper(b.known)::date::text
  FROM cluster c JOIN cluster_time_belief b ON b.subject_id = c.id ORDER BY 1, 3
"""


async def test_the_days_of_clusters_come_to_a_timeline_as_it_would_derive_them(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "registry", "0005", _CLUSTERED)
    await migrate(url, "registry")
    carried = await _rows(url, _CLUSTERS_STAND)
    assert carried == [
        ("CL-QHM", "[2025-10-01,)", "2025-09-01", None),
        ("CL-QMJ", "[2025-10-01,)", "2025-09-01", "2026-01-01"),
        ("CL-QMJ", "[2025-10-01,2026-04-01)", "2026-01-01", None),
    ]
    assert await _derived(url, cluster_time, _CLUSTERS_STAND) == carried


_UNDONE = """
INSERT INTO reorganisation (reference, shape, effective_on, predecessors, successors, shares, closed, commissioners,
                            stated_at, stated_by, undone_at, undone_by, version)
VALUES ('R-11X', 'abolition', '2022-07-01', '{11X}', '{QSL}', '{1}', '{}', '{}', '2022-06-01', 'lead', NULL, NULL, 1),
       ('R-5QH', 'split', '2013-04-01', '{5QH}', '{11X,11J}', '{1/2,1/2}', '{5QH}', '{}', '2013-03-01', 'lead',
        '2014-01-01', 'other', 2);
"""
_REORGANISATIONS_STAND = """
SELECT r.reference, b.valid::text, lower(b.known)::date::text, upper(b.known)::date::text
  FROM reorganisation r JOIN reorganisation_time_belief b ON b.subject_id = r.id ORDER BY 1, 3
"""


async def test_whether_a_reorganisation_stands_comes_to_a_timeline_as_it_would_derive_it(
    new_database: NewDatabase,
) -> None:
    url = await new_database(None)
    await _at(url, "registry", "0007", _UNDONE)
    await migrate(url, "registry")
    carried = await _rows(url, _REORGANISATIONS_STAND)
    assert carried == [
        ("R-11X", "[2022-07-01,)", "2022-06-01", None),
        ("R-5QH", "[2013-04-01,)", "2013-03-01", "2014-01-01"),
    ]
    assert await _derived(url, reorganisation_time, _REORGANISATIONS_STAND) == carried


_ENDED = """
INSERT INTO contract (reference, title, supplier_code, starts_on, last_day, notice_months, value_basis, drafted_at,
                      version, status, signed_on, signed_at, exit_day, exit_reason)
SELECT 'CSU-' || status, 'support', '0CX', '2017-04-01', '2020-03-31', 6, 'illustrative', '2017-01-10',
       2, status, '2017-02-01', '2017-02-01', exit_day, reason
  FROM (VALUES ('terminated', date '2018-03-31', 'Dr Crusher left'),
               ('replaced', date '2019-03-31', 'replaced by SHARED-2019'),
               ('signed', NULL, NULL)) AS one (status, exit_day, reason);
"""


async def test_the_words_of_an_end_become_a_note_under_a_code_of_the_rule_pack(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "contracts", "0006", _ENDED)
    await migrate(url, "contracts")
    assert await _rows(url, "SELECT reference, exit_reason, exit_note FROM contract ORDER BY reference DESC") == [
        ("CSU-terminated", "other", "Dr Crusher left"),
        ("CSU-signed", None, None),
        ("CSU-replaced", "shared_service", None),
    ]


async def _derived(url: str, timeline: Timeline, query: str) -> list[tuple[object, ...]]:
    """What the timeline itself derives from the statements that were carried over."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        keys = await connection.fetch(f"SELECT DISTINCT subject_id, facet FROM {timeline.statements}")
        await connection.execute(f"DELETE FROM {timeline.beliefs}")
        await timeline.restate(connection, {tuple(key) for key in keys})
    finally:
        await connection.close()
    return await _rows(url, query)


async def _at(url: str, service: str, revision: str, content: str) -> None:
    """Bring an empty database to a revision, and fill it."""

    def fill(connection: Connection) -> None:
        command.upgrade(configuration(versions_of(service), connection), revision)
        for statement in filter(str.strip, content.split(";")):
            connection.exec_driver_sql(statement)

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(fill)
    await engine.dispose()


async def _rows(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.exec_driver_sql(sql)]
    await engine.dispose()
    return found


async def test_what_was_published_before_its_table_is_rebuilt_at_start(
    new_database: NewDatabase,
) -> None:
    url = await new_database(None)
    consumed = [f"('{source}', 'e', 9, 8)" for source in ("registry", "contracts", "finance")]
    offsets = "INSERT INTO consumer_offset (source, epoch, next_offset, source_position) VALUES "
    await _at(url, "governance", "0010", offsets + ", ".join(consumed))
    await migrate(url, "governance")
    for projection in (known_mergers, known_agreements, known_subjects, known_prices, known_commitments):
        assert await _rows(url, projection.carried_over) == [(True,)]
    database = Database(url)
    await database.open()
    assert await list_mergers(database, None, as_known=None, after=None, limit=9) == []
    await database.close()


_ASKED_BEFORE = """
INSERT INTO body (reference, organisation, title, kind) VALUES
       ('JOINT-board', '', 'Board', 'joint_committee'), ('10H-governing-body', '10H', 'Body', 'governing_body');
INSERT INTO body_time_belief (subject_id, facet, value, valid, known)
SELECT id, 7, '["10H", "10Y"]', '[2016-04-01,)', '[2016-04-01,)' FROM body WHERE organisation = '';
INSERT INTO recommendation (id, footprint, action, subject, parties, made_on, reply_by, stated_at, recorded_by)
VALUES ('RC-1', 'QJ2', 'merger.apply', '10H', '{10H,QJ2}', '2017-03-01', '2017-06-01', now(), 'lead');
INSERT INTO recommendation_addressee VALUES
       ('RC-1', 'JOINT-board', '10H', true), ('RC-1', '10H-governing-body', '10H', true);
INSERT INTO obstruction (about, body, organisation, parties, kind, since, share, due_on, pack, found_at)
VALUES ('RC-1', 'JOINT-board', '10H', '{10H,QJ2}', 'inertia', '2017-06-02', '', '2017-06-01', 'p', now());
"""


async def test_a_joint_body_that_was_asked_is_there_for_all_its_members(new_database: NewDatabase) -> None:
    url = await new_database(None)
    await _at(url, "governance", "0029", _ASKED_BEFORE)
    await migrate(url, "governance")
    both, all_three = ["10H", "10Y"], ["10H", "10Y", "QJ2"]
    asked = "SELECT body, organisations FROM recommendation_addressee ORDER BY body"
    assert await _rows(url, asked) == [("10H-governing-body", ["10H"]), ("JOINT-board", both)]
    assert await _rows(url, "SELECT parties FROM recommendation") == [(all_three,)]
    assert await _rows(url, "SELECT organisations, parties FROM obstruction") == [(both, all_three)]
