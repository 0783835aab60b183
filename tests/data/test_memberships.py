"""The 47,822 dated memberships, the practice files beside them, and the findings that the two give."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.evidence import anomalies
from services.registry.evidence.views import AnomalyType
from tests.data.whole import NOVEMBER, Whole, lines

FILE = "epcmem_2019-10.csv.gz"
EPCMEM = f"ods-epcmem:{FILE}"

_STATED = """
SELECT o.code, s.value, lower(s.valid) AS first, upper(s.valid) - 1 AS last
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE s.source = $1 AND s.facet = 3
"""


async def test_all_47822_memberships_are_held_with_their_exact_days(
    whole: Database, taken: Whole, shared: Path
) -> None:
    report = taken.reports[FILE]
    assert (report.lines, report.events, report.not_taken) == (47_822, 47_822, [])
    held = Counter(tuple(row) for row in await whole.fetch(_STATED, EPCMEM))
    given = Counter(
        (one[0], one[1], _day(one[3]), _day(one[4]) if one[4] else None)
        for one in lines(shared / "ods-epcmem-2019-10" / "epcmem.csv.gz")
    )
    assert sum(given.values()) == 47_822
    assert held == given


async def test_no_practice_is_in_two_at_a_time_and_none_is_in_nobody_between(whole: Database) -> None:
    parts = [tuple(row) for row in await whole.fetch(_STATED, EPCMEM)]
    practices = {part[0] for part in parts}
    assert len(practices) == 16_773
    seams = [(before, after) for before, after in pairwise(parts_by_day(parts)) if before[0] == after[0]]
    assert len(seams) == 47_822 - 16_773
    assert [seam for seam in seams if seam[0][3] is None or seam[0][3] + timedelta(days=1) != seam[1][2]] == []


def parts_by_day(parts: list[tuple[str, str, date, date | None]]) -> list[tuple[str, str, date, date | None]]:
    return sorted(parts, key=lambda part: (part[0], part[2]))


async def test_the_practice_files_and_the_memberships_name_17600_practices(whole: Database, shared: Path) -> None:
    files = [*sorted((shared / "ods-epraccur-series").glob("*.gz")), shared / "ods-epcmem-2019-10" / "epcmem.csv.gz"]
    codes = {line[0] for path in files for line in lines(path)}
    assert len(codes) == 17_600
    assert (await whole.fetch("SELECT count(*) FROM organisation WHERE code = ANY($1)", sorted(codes)))[0][0] == 17_600


async def test_p84676_stays_in_00w_after_that_had_closed(whole: Database) -> None:
    [found] = await anomalies.find(whole, AnomalyType.BELONGS_TO_CLOSED, source="ods-epcmem")
    assert (found.code, found.other) == ("P84676", "00W")
    assert (found.first_day, found.last_day) == (date(2017, 4, 1), date(2017, 7, 4))


async def test_340_practices_join_before_they_open_and_580_join_late(whole: Database) -> None:
    before = await anomalies.find(whole, AnomalyType.JOINED_BEFORE_OPENING, source="ods-epcmem")
    late = await anomalies.find(whole, AnomalyType.JOINED_LATE, source="ods-epcmem")
    assert (len(before), len(late)) == (340, 580)
    assert max((one.last_day - one.first_day).days for one in late if one.last_day and one.first_day) == 111


async def test_807_of_1207_parents_have_no_record_of_their_own(whole: Database) -> None:
    parents = await whole.fetch(
        "SELECT count(DISTINCT value) FROM organisation_statement WHERE source = $1 AND facet = 3", EPCMEM
    )
    assert parents[0][0] == 1_207
    assert len(await anomalies.find(whole, AnomalyType.UNDESCRIBED_PARENT, source="ods-epcmem")) == 807


async def test_the_practice_files_contradict_the_memberships_9_and_5_times(whole: Database) -> None:
    found = await anomalies.find(whole, AnomalyType.MEMBERSHIP_CONTRADICTED)
    counted = Counter(one.source.split(":")[1] for one in found)
    assert counted == {"epraccur_2015-07.csv.gz": 9, "epraccur_2016-01.csv.gz": 5}
    [one] = [one for one in found if one.code == "P81791"]
    assert (one.other, "00R" in one.words) == ("02M", True)


async def test_boundaries_move_with_no_merger(whole: Database, shared: Path) -> None:
    """39 practices go from Cumbria to Morecambe Bay in 2017; the last one's day is another in each source."""
    moved = [
        one
        for one in await anomalies.find(whole, AnomalyType.MOVED_WITHOUT_SUCCESSION)
        if one.other == "01K" and "goes from 01H" in one.words
    ]
    assert len(moved) == 39
    assert Counter(one.first_day for one in moved) == {date(2017, 4, 1): 38, date(2017, 5, 1): 1}
    [last] = [one.code for one in moved if one.first_day == date(2017, 5, 1)]
    said = {row["first"] for row in await whole.fetch(_STATED, EPCMEM) if (row["code"], row["value"]) == (last, "01K")}
    assert said == {date(2017, 7, 12)}
    assert {line[0] for line in lines(shared / "ods-eccg" / "eccg_2018-11.csv")} >= {"01H", "01K"}


async def test_closed_practices_stay_where_they_were(whole: Database) -> None:
    """A practice that closed before a merger is not moved to the successor by it."""
    rows = await whole.fetch(
        """
        SELECT o.code, b.value FROM organisation o
          JOIN organisation_belief life ON life.subject_id = o.id AND life.facet = 1 AND life.value = 'closed'
           AND upper_inf(life.known) AND lower(life.valid) BETWEEN '2014-01-01' AND '2015-03-31'
          JOIN organisation_belief b ON b.subject_id = o.id AND b.facet = 3 AND upper_inf(b.known)
           AND b.valid @> (lower(life.valid) - 1)
         WHERE b.value IN ('00F', '00G', '00H')
        """
    )
    assert rows
    for row in rows:
        found = await answers.get_organisation(whole, row["code"], as_at=date(2015, 6, 1), as_known=None)
        assert (found.status, found.parent in {None, row["value"]}) == ("closed", True), row


async def test_rows_that_vanish_from_a_later_file_are_not_closed_by_that(whole: Database, shared: Path) -> None:
    older = {line[0]: line for line in lines(shared / "ods-eccg" / "eccg_2016-02.csv")}
    newer = {line[0] for line in lines(shared / "ods-eccg" / "eccg_2018-11.csv")}
    vanished = [line for code, line in older.items() if code not in newer]
    assert vanished
    for line in vanished:
        last = _day(line[11]) if line[11] else None
        found = await answers.get_organisation(whole, line[0], as_at=date(2016, 3, 1), as_known=None)
        assert found.status == ("closed" if last and last < date(2016, 3, 1) else "open"), line[:2]


async def test_every_line_of_every_practice_file_is_taken(taken: Whole, whole: Database) -> None:  # noqa: ARG001
    counted = {name: report.lines for name, report in taken.reports.items() if name.startswith("epraccur")}
    assert counted == {
        "epraccur_2015-07.csv.gz": 12_705,
        "epraccur_2016-01.csv.gz": 12_922,
        "epraccur_2018-06.csv.gz": 13_809,
        "epraccur_2019-10.csv.gz": 14_303,
        "epraccur_2020-01.csv.gz": 14_357,
        NOVEMBER: 14_963,
    }
    assert [one for report in taken.reports.values() for one in report.not_taken] == []


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
