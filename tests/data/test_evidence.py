"""Conflicts and findings of all the public files: what is stored of them is what a search of the statements finds."""

from collections import Counter
from datetime import UTC, datetime

from libs.common.database.connection import Database
from services.registry.core.kinds import Kind
from services.registry.evidence.anomalies import count, find
from services.registry.evidence.conflicts import ConflictFilter, conflicts
from services.registry.evidence.views import AnomalyType

LATER = datetime(2100, 1, 1, tzinfo=UTC)


async def test_the_stored_conflicts_are_those_that_a_search_finds(whole: Database) -> None:
    stored = await conflicts(whole, ConflictFilter(), as_known=None, after=None, limit=100_000)
    assert stored == await conflicts(whole, ConflictFilter(), as_known=LATER, after=None, limit=100_000)
    assert len(stored) > 1_000


async def test_the_stored_findings_are_those_that_a_search_finds(whole: Database) -> None:
    assert (await count(whole)).sorts == (await count(whole, as_known=LATER)).sorts
    for sort in AnomalyType:
        assert await find(whole, sort) == await find(whole, sort, as_known=LATER)


async def test_six_local_offices_are_left_in_the_region_that_was_divided_in_2018(whole: Database) -> None:
    """Y57 (South) closed on 31 March 2018 and no source names a successor; all else moved, closed or was carried."""
    left = await find(whole, AnomalyType.LEFT_BY_CLOSED)
    assert Counter(one.other for one in left) == {"Y57": 6}
    offices = await find(whole, AnomalyType.LEFT_BY_CLOSED, kind=Kind.LOCAL_OFFICE, code="Y57")
    assert offices == left
    assert {one.words.partition(" Y57")[0] for one in left} == {"belonged to and in region"}
