"""The plans of governance's hot reads on large tables: each finds the few rows that it needs by an index."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from libs.common.database.connection import Database
from services.governance.core.chains import Actor, Missing, Question
from services.governance.core.queries import PostFilter, get_body, list_bodies, list_decision_rights, list_posts
from services.governance.decision_rights.queries import ask
from tests.support.databases import Databases, NewDatabase
from tests.support.plans import Plans
from tests.support.platform import schema

DAY = date(2021, 1, 1)

_LARGE = """
INSERT INTO body (reference, organisation, title)
SELECT 'B-' || lpad(n::text, 5, '0'), 'O' || n, 'board' FROM generate_series(1, 3000) n;
INSERT INTO post (body_id, reference, slug, title)
SELECT b.id, b.reference || '-' || n, 'chair', 'Chair' FROM body b CROSS JOIN generate_series(1, 2) n;
INSERT INTO decision_right (body_id, action, source_minute, recurrent, version)
SELECT id, 'payroll', 'minute 1', false, 1 FROM body;
INSERT INTO body_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', '[2020-04-01,)', '[2020-02-01,)' FROM body;
INSERT INTO post_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', '[2020-04-01,)', '[2020-02-01,)' FROM post;
INSERT INTO right_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', '[2020-04-01,)', '[2020-02-01,)' FROM decision_right;
"""
_TABLES = {"body", "post", "decision_right", "body_time_belief", "post_time_belief", "right_time_belief"}


async def _build(url: str) -> None:
    await schema("governance")(url)
    async with Database(url).connect() as driver:
        await driver.execute(_LARGE)
        await driver.execute("VACUUM ANALYZE")


@pytest.fixture
async def plans(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Plans]:
    """What is read of governance with large tables, explained."""
    database = Database(await new_database(await templates.template_for("large_governance", _build)))
    async with database.connect() as connection:
        yield Plans(connection)


@pytest.mark.parametrize(
    ("organisation", "index", "many"), [(None, "uq_body_reference", 51), ("O7", "ix_body_organisation", 1)]
)
async def test_a_page_of_bodies_is_read_by_an_index(
    plans: Plans, organisation: str | None, index: str, many: int
) -> None:
    found = await list_bodies(plans, organisation, as_at=DAY, as_known=None, after=None, limit=51)
    assert len(found) == many
    assert index in plans.indexes
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_a_body_and_its_posts_are_read_by_their_keys(plans: Plans) -> None:
    found = await get_body(plans, "B-00007", as_at=DAY, as_known=None)
    assert len(found["posts"]) == 2
    assert plans.indexes >= {"uq_body_reference", "ix_post_body_id"}
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_a_page_of_posts_is_read_in_the_order_of_references(plans: Plans) -> None:
    found = await list_posts(plans, PostFilter(), as_at=DAY, as_known=None, limit=51)
    assert len(found) == 51
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


@pytest.mark.parametrize(("organisation", "many"), [(None, 51), ("O7", 1)])
async def test_a_page_of_decision_rights_is_read_by_an_index(plans: Plans, organisation: str | None, many: int) -> None:
    found = await list_decision_rights(
        plans, organisation, None, to_be_remade=False, as_at=DAY, as_known=None, after=None, limit=51
    )
    assert len(found) == many
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_who_may_is_asked_of_the_rights_of_one_organisation(plans: Plans) -> None:
    question = Question(action="payroll.run")
    answer = await ask(plans, Actor(body="B-00007"), "O7", question, as_at=DAY, as_known=None)
    assert answer.chain is not None
    assert [fault.missing for fault in answer.chain.faults] == [Missing.POWER], "the registry told nothing of O7"
    assert plans.indexes >= {"ix_body_organisation", "ix_decision_right_body_id_action", "pk_decision_right"}
    assert not plans.read_whole & _TABLES
    assert not plans.by_day
