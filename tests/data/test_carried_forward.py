"""January 2020's practices carried by the registry to November 2021, and what November's file then says otherwise."""

import json
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.imports.views import Parting, Verdict
from tests.data.whole import NOVEMBER, Whole, lines

MOVES = {"Y03794", "Y04941", "Y06285"}
RESTATEMENTS = {"Y05211", "Y05359", "Y05407", "Y06343"}


async def test_of_10041_practices_the_registry_expects_10034_where_the_file_has_them(
    whole: Database,  # noqa: ARG001
    taken: Whole,
    shared: Path,
) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())["practice_reparenting_2020-01_to_2021-11"]
    assert taken.november is not None
    compared = taken.november.compared
    assert len(compared) == expected["active_both_ccg_commissioned"] == 10_041
    assert len(compared) - len(taken.november.partings) == expected["agree"] == 10_034
    assert len(taken.november.partings) == expected["exceptions"] == 7
    before = {line[0]: line[14] for line in lines(shared / "ods-epraccur-series" / "epraccur_2020-01.csv.gz")}
    after = {line[0]: line[14] for line in lines(shared / "ods-epraccur-series" / NOVEMBER)}
    assert sum(before[one.code] != after[one.code] for one in compared) == expected["changed"] == 4_948
    carried = [one for one in compared if one.expected != (before[one.code],)]
    assert len(carried) == expected["predicted_change"] == 4_942


async def test_the_seven_are_told_as_moves_or_restatements(whole: Database, taken: Whole) -> None:  # noqa: ARG001
    assert taken.november is not None
    found = {one.code: one for one in taken.november.partings}
    assert {code for code, one in found.items() if one.parting is Parting.MOVE} == MOVES
    assert {code for code, one in found.items() if one.parting is Parting.RESTATEMENT} == RESTATEMENTS
    assert all(one.verdict is Verdict.CONTRADICTS for one in found.values())
    between = date(2020, 1, 31), date(2021, 11, 30)
    assert all(between[0] < day <= between[1] for code in MOVES if (day := found[code].joined_on))
    assert all(day <= between[0] for code in RESTATEMENTS if (day := found[code].joined_on))
    assert (found["Y03794"].expected, found["Y03794"].joined_on) == (("01V",), date(2021, 5, 1))
    assert found["Y04941"].expected == ("70F",)


async def test_all_6544_general_practices_are_where_they_were_expected(
    whole: Database,  # noqa: ARG001
    taken: Whole,
    shared: Path,
) -> None:
    assert taken.november is not None
    january, november = (
        {line[0] for line in lines(shared / "ods-epraccur-series" / name) if line[25] == "4"}
        for name in ("epraccur_2020-01.csv.gz", NOVEMBER)
    )
    general = january & november
    practices = [one for one in taken.november.compared if one.code in general]
    assert len(practices) == 6_544
    assert all(one.parting is None and one.kind is Kind.GP_PRACTICE for one in practices)


async def test_what_the_preview_told_is_what_the_file_then_did(whole: Database, taken: Whole, shared: Path) -> None:
    assert taken.november is not None
    assert taken.november.report.events == taken.reports[NOVEMBER].events
    for one in taken.november.partings:
        found = await answers.get_organisation(whole, one.code, as_at=date(2021, 11, 30), as_known=None)
        [parent] = [difference for difference in one.differences if difference.about == "parent"]
        assert found.parent == parent.after
    january, november = (
        {line[0] for line in lines(shared / "ods-epraccur-series" / name)}
        for name in ("epraccur_2020-01.csv.gz", NOVEMBER)
    )
    added = {one.code for one in taken.november.bodies if one.verdict is Verdict.ADDED}
    assert added <= november - january
    # The others are known by name already, from the later list of networks.
    assert (len(november - january), len(added)) == (606, 598)
