"""The plans of the registry's hot reads on large tables: each finds the few rows that it needs by an index."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from libs.common.database.connection import Database
from libs.organisations.statements import Facet
from services.registry.core.kinds import Kind
from services.registry.core.queries import OrganisationFilter, get_organisation, list_organisations
from services.registry.cover.queries import list_covers
from services.registry.evidence.anomalies import count, find
from services.registry.evidence.conflicts import ConflictFilter, conflicts
from services.registry.evidence.views import AnomalyType
from services.registry.fhir.request import read_search
from services.registry.fhir.search.affiliations import find_affiliations
from services.registry.fhir.search.organisations import find_codes
from services.registry.lineage.queries import lineage_of
from services.registry.populations.queries import people_of
from services.registry.search.members import list_members
from services.registry.search.queries import SearchFilter, nearest, search
from tests.support.databases import Databases, NewDatabase
from tests.support.plans import Plans
from tests.support.platform import schema

pytestmark = pytest.mark.xdist_group("large registry")  # whose tables are filled once

DAY = date(2021, 1, 1)

_LARGE = """
INSERT INTO organisation (code, version) SELECT 'L' || lpad(n::text, 5, '0'), 1 FROM generate_series(1, 6000) n;
INSERT INTO organisation_belief (subject_id, facet, value, valid, known)
SELECT o.id, facet, CASE facet WHEN 2 THEN 'SURGERY ' || o.code
                               WHEN 3 THEN 'L' || lpad((o.id % 200 + 1)::text, 5, '0')
                               WHEN 4 THEN CASE WHEN o.id <= 200 THEN 'ccg' ELSE 'gp_practice' END
                               ELSE 'open' END,
       daterange('2013-04-01', NULL), tstzrange('2013-01-01', NULL)
  FROM organisation o CROSS JOIN generate_series(1, 4) facet;
INSERT INTO organisation (code, version) SELECT 'U' || lpad(n::text, 5, '0'), 1 FROM generate_series(1, 20000) n;
INSERT INTO tie (code, sort, other)
SELECT code, 'code:ons', 'E' || code FROM organisation;
INSERT INTO tie_belief (subject_id, facet, value, valid, known)
SELECT id, 1, '*', daterange('2013-04-01', NULL), tstzrange('2013-01-01', NULL) FROM tie;
INSERT INTO succession (code, successor, effective_on, shape, share, merger, source, known)
SELECT 'L' || lpad(n::text, 6, '0'), 'L' || lpad((n + 1)::text, 6, '0'), '2020-04-01', '', '', '', 'test',
       tstzrange('2020-01-01', NULL)
  FROM generate_series(1, 100000, 2) n;
INSERT INTO merger (reference, successor, successor_name, predecessors, status, effective_on, rule_pack, version, kind)
SELECT 'M-' || n, 'X' || n, 'NHS ' || n, ARRAY['Y' || n, 'Z' || n], 'carried_out', '2020-04-01', 'test', 2, 'ccg'
  FROM generate_series(1, 10000) n;
INSERT INTO merger_plan (merger_id, number, status, effective_on, stated_at, stated_by)
SELECT id, 1, 'carried_out', '2020-04-01', '2020-01-01', 'test' FROM merger;
INSERT INTO organisation_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by,
                                    recorded_at)
SELECT id, 1 + n, 'open', daterange('2013-04-01', NULL), '2013-01-01', FALSE, 'test', 'test',
       timestamptz '2020-01-01' + id * interval '1 minute' + n * interval '30 days'
  FROM generate_series(0, 3) n CROSS JOIN organisation ORDER BY n, id;
INSERT INTO population_statement (code, basis, effective_on, people, stated_at, rank, source, recorded_by)
SELECT code, 'registered', date '2013-04-01' + 91 * n, 1000, '2013-01-01', 0, 'test', 'test'
  FROM organisation CROSS JOIN generate_series(0, 3) n;
INSERT INTO finding (sort, code, other, source, first_day, words)
SELECT CASE WHEN id % 2 = 0 THEN 'restated' ELSE 'joined_late' END, code, '', '', '2013-04-01', 'test'
  FROM organisation;
INSERT INTO disagreement (code, facet, subject_id, days, differs)
SELECT code, facet, id, '{[2013-04-01,2013-05-01)}', '[]' FROM organisation CROSS JOIN generate_series(2, 3) facet;
"""


async def _build(url: str) -> None:
    await schema("registry")(url)
    async with Database(url).connect() as driver:
        await driver.execute(_LARGE)
        await driver.execute("VACUUM ANALYZE")


@pytest.fixture
async def plans(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Plans]:
    """What is read of a registry with large tables, explained."""
    database = Database(await new_database(await templates.template_for("large_registry", _build)))
    async with database.connect() as connection:
        yield Plans(connection)


async def test_an_organisation_is_read_by_its_code(plans: Plans) -> None:
    found = await get_organisation(plans, "L00700", as_at=DAY, as_known=None)
    assert found.name == "SURGERY L00700"
    assert plans.indexes >= {
        "uq_organisation_code",
        "ix_organisation_belief_subject_id_facet",
        "ix_merger_successor",
        "ix_merger_predecessors",
        "uq_tie",
        "ix_tie_belief_subject_id_facet",
    }
    assert not plans.read_whole


async def test_the_lineage_of_a_code_is_read_by_both_ends_of_a_succession(plans: Plans) -> None:
    assert (await lineage_of(plans, "L000701", as_at=DAY)).resolves_to == ("L000702",)
    assert plans.indexes == {"uq_succession", "ix_succession_successor"}
    assert not plans.read_whole


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (OrganisationFilter(), "uq_organisation_code"),
        (OrganisationFilter(status="unknown"), "ix_organisation_belief_subject_id_facet"),
        (OrganisationFilter(parent="L00007"), "ix_organisation_belief_above"),
        (OrganisationFilter(kind=Kind.GP_PRACTICE, parent="L00007"), "ix_organisation_belief_above"),
    ],
)
async def test_a_page_of_organisations_is_read_by_an_index(
    plans: Plans, filters: OrganisationFilter, index: str
) -> None:
    await list_organisations(plans, filters, as_at=DAY, as_known=None, after=None, limit=51)
    assert index in plans.indexes
    assert not plans.read_whole


async def test_a_word_of_a_name_is_found_by_the_index_of_words(plans: Plans) -> None:
    found = await search(plans, SearchFilter(text="L00700"), as_at=DAY, as_known=None, after=None, limit=51)
    assert [one.code for one in found] == ["L00700"]
    assert "ix_organisation_belief_words" in plans.indexes
    assert "organisation_belief" not in plans.read_whole


async def test_the_best_matches_are_read_by_the_beginning_of_a_name(plans: Plans) -> None:
    found = await search(plans, SearchFilter(text="surgery L0070"), as_at=DAY, as_known=None, after=None, limit=51)
    assert [(one.code, one.rank) for one in found] == [(f"L0070{n}", 3) for n in range(10)]
    assert "ix_organisation_belief_name" in plans.indexes
    assert "organisation_belief" not in plans.read_whole


async def test_the_nearest_names_are_read_in_one_look_at_names_alone(plans: Plans) -> None:
    offered = await nearest(plans, SearchFilter(text="sugrery L00700"), as_at=DAY, as_known=None)
    assert offered[0].code == "L00700"
    [plan] = plans.noted
    assert plan.read_whole <= {"organisation_belief", "organisation"}
    assert plan.times_read("organisation_belief") <= 3


@pytest.mark.parametrize(
    ("parameters", "found", "index"),
    [
        ([("name", "surgery L0070")], 10, "ix_organisation_belief_name"),
        ([("name:exact", "SURGERY L00700")], 1, "ix_organisation_belief_name"),
        ([("partof", "L00007"), ("_count", "10")], 11, "ix_organisation_belief_above"),
        ([("identifier", "EL00700")], 1, "ix_tie_other"),
        ([("_id", "l00700")], 1, "uq_organisation_code"),
        ([("_lastUpdated", "ge2020-04-18T00:00:00Z"), ("_count", "10")], 11, "ix_organisation_statement_recorded_at"),
    ],
)
async def test_a_fhir_search_looks_its_matches_up(
    plans: Plans, parameters: list[tuple[str, str]], found: int, index: str
) -> None:
    assert len(await find_codes(plans, read_search("Organization", parameters), today=DAY)) == found
    assert index in plans.indexes
    assert not plans.read_whole & {"organisation_belief", "organisation_statement", "tie"}


async def test_the_affiliations_of_a_body_are_looked_up(plans: Plans) -> None:
    asked = read_search("OrganizationAffiliation", [("participating-organization", "L00007"), ("active", "true")])
    assert len(await find_affiliations(plans, asked, today=DAY)) == 30
    assert "ix_organisation_belief_above" in plans.indexes
    assert not plans.read_whole & {"organisation", "organisation_belief", "tie", "tie_belief"}


async def test_the_members_of_a_body_are_read_by_their_parent(plans: Plans) -> None:
    await list_members(plans, ["L00007"], as_at=DAY, as_known=None, limit=51)
    assert "ix_organisation_belief_above" in plans.indexes
    assert not plans.read_whole & {"organisation", "organisation_belief", "succession", "tie"}


async def test_people_are_read_by_the_codes_of_bodies(plans: Plans) -> None:
    people = await people_of(plans, ["L00007", "L00008"], as_at=DAY, as_known=None)
    assert set(people) == {"L00007", "L00008"}
    assert not plans.read_whole
    assert len(plans.noted) == 3, "in three queries, however many bodies"


async def test_covers_look_each_statement_about_a_body_up(plans: Plans) -> None:
    """Cover is counted over every practice of the day: their beliefs are gone through once, all else is looked up."""
    covers = await list_covers(plans, as_at=DAY, as_known=None, after=None, limit=51)
    assert len(covers) == 51
    assert plans.read_whole <= {"organisation_belief", "organisation", "area", "area_belief"}


async def test_conflicts_and_findings_are_read_in_the_order_of_their_pages(plans: Plans) -> None:
    asked = ConflictFilter(Facet.PARENT)
    assert len(await conflicts(plans, asked, as_known=None, after=(700, 3), limit=51)) == 51
    assert await conflicts(plans, ConflictFilter(code="L00700"), as_known=None, after=None, limit=51)
    assert len(await find(plans, AnomalyType.RESTATED, after=("L00700", "", "", "2013-04-01"), limit=51)) == 51
    assert len(await find(plans, AnomalyType.RESTATED, code="L00700", limit=51)) == 1
    assert plans.indexes >= {"ix_disagreement_order", "pk_disagreement", "ix_finding_order", "ix_finding_code"}
    assert not plans.read_whole


async def test_findings_are_counted_in_one_look_at_those_stored(plans: Plans) -> None:
    counts = await count(plans)
    assert {one.sort: one.findings for one in counts.sorts}[AnomalyType.RESTATED] == 13_000
    assert [plan.times_read("finding") for plan in plans.noted] == [1]
