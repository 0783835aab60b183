"""One big day: the workbook of the mergers of 1 April 2020, with its STPs, regions and commissioning hubs."""

from collections import Counter
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from libs.organisations.statements import Facet
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.lineage.queries import lineage_of
from tests.data.test_successions import open_ccgs
from tests.data.whole import Whole, rows
from tests.support.april_2020 import FOOTPRINTS, MERGERS, THE_DAY

FOLDER = "nhse-ccg-stp-reffile-apr2020"
LAST_DAY = date(2020, 3, 31)

_STPS = f"""
SELECT o.code, b.value AS other FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
 WHERE b.facet = {Facet.STP:d} AND upper_inf(b.known) AND b.valid @> $1::date
"""


async def stps(database: Database, day: date) -> dict[str, set[str]]:
    held: dict[str, set[str]] = {}
    for row in await database.fetch(_STPS, day):
        held.setdefault(row["code"], set()).add(row["other"])
    return held


async def test_191_less_74_and_18_new_are_the_135(whole: Database, shared: Path) -> None:
    mergers = rows(shared / FOLDER / "ccg_mergers.csv")
    closing = {row["Legacy (closing) CCG Code"] for row in mergers}
    new = {row["New CCG Code"] for row in mergers}
    before, after = await open_ccgs(whole, LAST_DAY), await open_ccgs(whole, THE_DAY)
    assert (len(before), len(closing), len(new), len(after)) == (191, 74, 18, 135)
    assert before == {row["CCG Code"] for row in rows(shared / FOLDER / "pre-apr_2020.csv")}
    assert after == {row["CCG Code"] for row in rows(shared / FOLDER / "post-apr_2020.csv")}
    assert before - closing | new == after
    for row in mergers:
        found = await lineage_of(whole, row["Legacy (closing) CCG Code"], as_at=THE_DAY)
        assert found.resolves_to == (row["New CCG Code"],)


def test_the_mergers_that_tests_of_governance_take_are_those_of_the_workbook(shared: Path) -> None:
    closing: dict[str, list[str]] = {}
    for row in rows(shared / FOLDER / "ccg_mergers.csv"):
        closing.setdefault(row["New CCG Code"], []).append(row["Legacy (closing) CCG Code"])
    assert {new: tuple(sorted(codes)) for new, codes in closing.items()} == MERGERS
    stp = {
        row["CCG Code"]: row["STP Code"]
        for name in ("pre-apr_2020.csv", "post-apr_2020.csv")
        for row in rows(shared / FOLDER / name)
    }
    crossing = {new: (new, *codes) for new, codes in MERGERS.items() if {stp[code] for code in codes} != {stp[new]}}
    assert {new: {code: stp[code] for code in codes} for new, codes in crossing.items()} == FOOTPRINTS


async def test_every_ccg_is_in_the_stp_that_the_workbook_names_before_and_after(whole: Database, shared: Path) -> None:
    for name, day in (("pre-apr_2020.csv", LAST_DAY), ("post-apr_2020.csv", THE_DAY)):
        held = await stps(whole, day)
        living = await open_ccgs(whole, day)
        wanted = {row["CCG Code"]: {row["STP Code"]} for row in rows(shared / FOLDER / name)}
        assert {code: stps for code, stps in held.items() if code in living} == wanted


async def test_three_ccgs_change_their_stp_as_they_merge(whole: Database) -> None:
    before, after = await stps(whole, LAST_DAY), await stps(whole, THE_DAY)
    changing = {}
    for code in await open_ccgs(whole, LAST_DAY) - await open_ccgs(whole, THE_DAY):
        [successor] = (await lineage_of(whole, code, as_at=THE_DAY)).resolves_to
        if before[code] != after[successor]:
            changing[code] = (*before[code], *after[successor])
    assert changing == {"03E": ("QWO", "QOQ"), "03D": ("QHM", "QOQ"), "09L": ("QNX", "QXU")}


async def test_each_of_the_42_stps_has_as_many_ccgs_as_the_workbook_counts(whole: Database, shared: Path) -> None:
    living = await open_ccgs(whole, THE_DAY)
    held = await stps(whole, THE_DAY)
    counted = Counter(stp for code in living for stp in held[code])
    wanted = {row["STP Code"]: int(row["CCG Count"]) for row in rows(shared / FOLDER / "stp_implementation.csv")}
    assert (len(wanted), sum(wanted.values())) == (42, 135)
    assert counted == wanted
    for stp in wanted:
        found = await answers.get_organisation(whole, stp, as_at=THE_DAY, as_known=None)
        assert (found.kind, found.status) == (Kind.STP, "open"), stp


async def test_ccgs_are_under_their_local_office_before_and_their_stp_after(whole: Database, shared: Path) -> None:
    """What ODS's file of the CCGs says of a day stands above the workbook, which fills the days that ODS left out."""
    after = {row["CCG Code"]: row["STP Code"] for row in rows(shared / FOLDER / "post-apr_2020.csv")}
    found = await whole.fetch(
        "SELECT count(*) FROM organisation_statement s WHERE s.facet = 3 AND s.source = 'nhse:post-apr_2020.csv'"
    )
    assert found[0][0] == len(after) + 42
    offices = {
        row["Region (Local Office) Code"]: row["Region Code"] for row in rows(shared / FOLDER / "pre-apr_2020.csv")
    }
    for office in offices:
        one = await answers.get_organisation(whole, office, as_at=LAST_DAY, as_known=None)
        assert (one.kind, one.status) == (Kind.LOCAL_OFFICE, "open"), office


async def test_19_hubs_close_into_those_that_are_new_or_stay(whole: Database, shared: Path) -> None:
    hubs = rows(shared / FOLDER / "commissioning_hubs.csv")
    assert len(hubs) == 19
    for row in hubs:
        old = row["Legacy (closing) Commissioning Hub Code"]
        new = row["New / Retained Commissioning Hub Code"]
        before = await answers.get_organisation(whole, old, as_at=LAST_DAY, as_known=None)
        after = await answers.get_organisation(whole, old, as_at=THE_DAY, as_known=None)
        assert (before.kind, before.status, after.status) == (Kind.COMMISSIONING_HUB, "open", "closed"), old
        taking = await answers.get_organisation(whole, new, as_at=THE_DAY, as_known=None)
        assert (taking.kind, taking.status) == (Kind.COMMISSIONING_HUB, "open"), new
        assert new in (await lineage_of(whole, old, as_at=THE_DAY)).resolves_to
    retained = {row["New / Retained Commissioning Hub Code"] for row in hubs}
    open_before = [
        code
        for code in retained
        if (await answers.get_organisation(whole, code, as_at=date(2019, 1, 1), as_known=None)).status == "open"
    ]
    assert set(open_before) == {"14A", "14F", "14G"}


async def test_every_line_of_the_workbook_is_taken(taken: Whole, whole: Database) -> None:  # noqa: ARG001
    names = ("pre-apr_2020.csv", "post-apr_2020.csv", "ccg_mergers.csv", "commissioning_hubs.csv")
    counted = {name: (taken.reports[name].lines, len(taken.reports[name].not_taken)) for name in names}
    assert counted == dict(zip(names, ((191, 0), (135, 0), (74, 0), (19, 0)), strict=True))
