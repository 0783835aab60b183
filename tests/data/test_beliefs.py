"""What is believed of commissioners, STPs and ICBs on any day, against the dated memberships and the official lists."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from services.registry.core.kinds import Kind
from services.registry.core.levels import Level, levels_on
from services.registry.core.queries import OrganisationFilter, get_organisation, list_organisations
from tests.data.whole import lines, rows

JANUARY = "ods-epraccur-series/epraccur_2020-01.csv.gz"
DAYS = tuple(
    date.fromisoformat(day)
    for day in ("2013-04-02", "2014-06-01", "2015-04-01", "2016-04-01", "2018-12-01", "2019-04-01", "2020-01-01")
)

# By the raw tables, and without any of the registry's SQL of beliefs.
_PARENTS = """
SELECT o.code, b.value FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
 WHERE b.facet = 3 AND upper_inf(b.known) AND b.valid @> $1::date
"""
_LIVES = """
SELECT o.code, b.value FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
 WHERE b.facet = 1 AND upper_inf(b.known) AND b.valid @> $1::date
"""
_DESCRIBED = (
    "SELECT DISTINCT o.code FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id WHERE facet = 1"
)
_TURNS = """
SELECT o.code, a.value, b.value, lower(b.valid)
  FROM organisation_belief b JOIN organisation_belief a
    ON a.subject_id = b.subject_id AND a.facet = 3 AND upper_inf(a.known) AND upper(a.valid) = lower(b.valid)
  JOIN organisation o ON o.id = b.subject_id
 WHERE b.facet = 3 AND upper_inf(b.known) AND lower(b.valid) BETWEEN $1 AND $2
"""

Membership = tuple[date, date | None, str]


def memberships(shared: Path) -> dict[str, list[Membership]]:
    """The dated rows of `epcmem` by practice: first day, last day, commissioner."""
    found: dict[str, list[Membership]] = defaultdict(list)
    for row in lines(shared / "ods-epcmem-2019-10" / "epcmem.csv.gz"):
        found[row[0]].append((_day(row[3]), _day(row[4]) if row[4] else None, row[1]))
    return found


def member_of(periods: list[Membership], day: date) -> str | None:
    return next((code for first, last, code in periods if first <= day and (last is None or day <= last)), None)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


@pytest.mark.parametrize("day", DAYS)
async def test_no_practice_of_january_2020_sits_in_a_body_that_was_not_open(
    whole: Database, shared: Path, day: date
) -> None:
    asked = {line[0] for line in lines(shared / JANUARY)}
    parents = {code: above for code, above in await whole.fetch(_PARENTS, day) if code in asked}
    status = dict(await whole.fetch(_LIVES, day))
    described = {row["code"] for row in await whole.fetch(_DESCRIBED)}
    assert len(parents) > 6_000
    assert {code: above for code, above in parents.items() if above in described and status.get(above) != "open"} == {}


def restated(shared: Path) -> dict[str, set[tuple[str, date]]]:
    """Each practice's commissioners by the practice files, with the days of joining that these give."""
    found: dict[str, set[tuple[str, date]]] = defaultdict(set)
    for path in sorted((shared / "ods-epraccur-series").glob("*.gz")):
        for row in lines(path):
            if row[14] and row[15]:
                found[row[0]].add((row[14], _day(row[15])))
    return found


@pytest.mark.parametrize(("day", "exceptions"), list(zip(DAYS, (94, 12, 20, 19, 8, 11, 4), strict=True)))
async def test_the_commissioner_of_a_day_is_the_dated_one_unless_a_practice_file_gives_another_day_of_joining(
    whole: Database, shared: Path, day: date, exceptions: int
) -> None:
    parents, status = dict(await whole.fetch(_PARENTS, day)), dict(await whole.fetch(_LIVES, day))
    dated = {code: member_of(periods, day) for code, periods in memberships(shared).items()}
    differing = {
        code: parents.get(code)
        for code, above in dated.items()
        if above is not None and status.get(code) == "open" and parents.get(code) != above
    }
    files = restated(shared)
    unexplained = {
        code: above
        for code, above in differing.items()
        if not any(above == commissioner and joined <= day for commissioner, joined in files[code])
    }
    assert (unexplained, len(differing)) == ({}, exceptions)


async def test_what_moved_between_2013_and_2019_is_dated_unless_a_practice_file_restates_it(
    whole: Database, shared: Path
) -> None:
    """1,883 moves: each that differs is of a practice of which a practice file gives another commissioner or day."""
    first, last = date(2013, 4, 2), date(2019, 10, 1)
    practices, files = memberships(shared), restated(shared)
    expected = {
        (code, before, after, start)
        for code, periods in practices.items()
        for (_, end, before), (start, _, after) in pairwise(sorted(periods))
        if before != after and end == start - timedelta(days=1) and first <= start <= last
    }
    moved = {tuple(row) for row in await whole.fetch(_TURNS, first, last) if row["code"] in practices}
    assert len(expected) == 1_883
    of_memberships = {code: {(after, start) for start, _, after in periods} for code, periods in practices.items()}
    differing = {one[0] for one in expected ^ moved}
    assert {code for code in differing if files[code] <= of_memberships[code]} == set()
    assert (len(expected - moved), len(moved - expected)) == (204, 76)


async def test_no_trust_is_in_an_stp_before_2016(whole: Database) -> None:
    stps = {
        one.code
        for one in await list_organisations(
            whole, OrganisationFilter(Kind.STP), as_at=date(2021, 4, 1), as_known=None, after=None, limit=100
        )
    }
    assert len(stps) >= 42
    for day in (date(2014, 6, 1), date(2015, 12, 31)):
        for kind in (Kind.NHS_TRUST, Kind.FOUNDATION_TRUST):
            trusts = await list_organisations(
                whole, OrganisationFilter(kind, "open"), as_at=day, as_known=None, after=None, limit=1_000
            )
            assert len(trusts) > 50
            assert [one.code for one in trusts if one.parent in stps or one.levels.stp] == []


async def test_the_135_commissioners_are_in_the_stp_and_region_of_the_workbook(whole: Database, shared: Path) -> None:
    given = rows(shared / "nhse-ccg-stp-reffile-apr2020" / "post-apr_2020.csv")
    assert len(given) == 135
    for level, column in ((Level.STP, "STP Code"), (Level.REGION, "Region Code")):
        found = await levels_on(whole, [row["CCG Code"] for row in given], level, as_at=date(2020, 4, 2))
        assert found == {row["CCG Code"]: row[column] for row in given}


async def test_each_of_the_106_locations_is_in_its_board_since_july_2022(whole: Database, shared: Path) -> None:
    boards = {
        line[0]: line[3]
        for line in lines(shared / "ods-eccg" / "eccg_2025-12.csv")
        if " ICB - " in line[1] and not line[11]
    }
    assert len(boards) == 106
    for day in (date(2022, 7, 1), date(2024, 1, 1), date(2025, 12, 31)):
        assert await levels_on(whole, list(boards), Level.ICB, as_at=day) == boards
    assert await levels_on(whole, list(boards), Level.ICB, as_at=date(2022, 6, 30)) == {}
    bassetlaw = await get_organisation(whole, "02Q", as_at=date(2024, 1, 1), as_known=None)
    assert (bassetlaw.levels.icb, bassetlaw.levels.stp, bassetlaw.levels.local_office) == ("QT1", None, None)


async def test_no_closed_body_has_a_parent(whole: Database) -> None:
    day = date(2026, 1, 1)
    closed = {code for code, status in await whole.fetch(_LIVES, day) if status == "closed"}
    assert len(closed) > 3_000
    assert [code for code, _ in await whole.fetch(_PARENTS, day) if code in closed] == []
