"""Every oddity of the registry's public files, and the test that shows what the registry does with it.

13T opens before its predecessors end, so that dates alone count 212:
    test_successions.test_13t_is_proposed_until_its_predecessors_end_and_the_212_are_shown_as_such
close dates are the last day open:
    test_successions.test_a_successor_opens_the_day_after_the_last_day_of_its_predecessors
106 CCGs were abolished, and their codes live on under new names: test_the_106_are_abolished_and_their_codes_name_others
no row leads from a PCT to a CCG or from a CCG to an ICB:
    test_successions.test_no_pct_is_followed_by_a_ccg_and_no_ccg_by_an_icb
the parent column is rewritten on old rows: test_the_parent_of_a_day_is_the_one_that_the_file_of_that_day_had
boundaries move with no merger: test_memberships.test_boundaries_move_with_no_merger
541 codes with several successors, 39 of themselves, 35 pairs on two days:
    test_successions.test_codes_with_several_successors_with_themselves_and_on_two_days_are_found
43,107 codes, 978 with a record: test_successions.test_codes_that_nobody_describes_are_bodies_of_unknown_kind
chains of two: test_successions.test_two_step_chains_resolve_to_their_end
a merged body may be an existing one, and a body may be split:
    test_successions.test_an_existing_trust_takes_over_another_and_one_trust_is_split
closed practices stay on the closed CCG: test_memberships.test_closed_practices_stay_where_they_were
rows vanish from later files: test_memberships.test_rows_that_vanish_from_a_later_file_are_not_closed_by_that
hubs and others stand in the CCG file, and the sub-type column changed its meaning:
    test_what_is_no_ccg_in_the_file_of_the_ccgs_is_none_here
codes of three characters and of five: test_codes_of_three_and_of_five_characters_are_one_sort
names change under the same code: test_names_change_under_the_same_code
trusts closed with nobody to follow: test_successions.test_trusts_that_closed_and_were_followed_by_nobody_are_told
P84676; 340 and 580; 807 of 1,207; 9 and 5: the tests of these names in test_memberships
17,600 practice codes: test_memberships.test_the_practice_files_and_the_memberships_name_17600_practices
10,034 of 10,041, and the seven: test_carried_forward
191 - 74 + 18 = 135, three that change their STP, the hubs: test_april_2020
partners of several STPs, partners without a code, three STPs become one: test_partners
PCTs in two SHAs; ONS codes that change where ODS codes do not; ICBs with no other code: test_lookups
"""

from datetime import UTC, date, datetime
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from tests.data import (
    test_april_2020,
    test_carried_forward,
    test_lookups,
    test_memberships,
    test_partners,
    test_successions,
)
from tests.data.whole import lines

OTHERS = (test_successions, test_memberships, test_carried_forward, test_april_2020, test_partners, test_lookups)


def test_every_oddity_names_a_test_that_there_is() -> None:
    named = [word.strip(":,;") for word in (__doc__ or "").split() if "test_" in word]
    modules = {module.__name__.rsplit(".", 1)[1]: module for module in OTHERS}
    for name in named:
        module, _, test = name.rpartition(".")
        if module:
            assert hasattr(modules[module], test), name
        else:
            assert name in modules or name in globals(), name
    assert len(named) > 20


async def test_the_106_are_abolished_and_their_codes_name_others(whole: Database, shared: Path) -> None:
    living = [
        line
        for line in lines(shared / "ods-eccg" / "eccg_2025-12.csv")
        if " ICB - " in line[1].upper() and not line[11]
    ]
    assert len(living) == 106
    for line in living:
        before = await answers.get_organisation(whole, line[0], as_at=date(2022, 6, 30), as_known=None)
        after = await answers.get_organisation(whole, line[0], as_at=date(2022, 7, 1), as_known=None)
        assert (before.kind, before.status) == (Kind.CCG, "open"), line[0]
        assert (after.kind, after.status) == (Kind.SUB_ICB_LOCATION, "open"), line[0]
    legal = await whole.fetch(
        """
        SELECT o.code FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
         WHERE b.facet = 5 AND b.value = 'abolished' AND upper_inf(b.known) AND lower(b.valid) = '2022-07-01'
        """
    )
    assert {line[0] for line in living} <= {row["code"] for row in legal}


async def test_the_parent_of_a_day_is_the_one_that_the_file_of_that_day_had(whole: Database, shared: Path) -> None:
    """The file of 2025 gives today's ICB for CCGs that had closed long before there was one: it is not believed so."""
    files = {
        date(2016, 2, 29): {line[0]: line[3] for line in lines(shared / "ods-eccg" / "eccg_2016-02.csv")},
        date(2018, 11, 30): {line[0]: line[3] for line in lines(shared / "ods-eccg" / "eccg_2018-11.csv")},
    }
    living = await test_successions.open_ccgs(whole, date(2018, 11, 30))
    changed = 0
    for day, parents in files.items():
        for code in sorted(living & set(parents)):
            found = await answers.get_organisation(whole, code, as_at=day, as_known=None)
            assert found.parent == parents[code], (day, code)
        changed += len(parents)
    newer = {line[0]: line[3] for line in lines(shared / "ods-eccg" / "eccg_2025-12.csv")}
    rewritten = [code for code, parent in files[date(2018, 11, 30)].items() if newer.get(code, parent) != parent]
    assert len(rewritten) > 100
    assert changed > 400


async def test_what_is_no_ccg_in_the_file_of_the_ccgs_is_none_here(whole: Database, shared: Path) -> None:
    subtypes: dict[str, set[str]] = {}
    for name in ("eccg_2016-02.csv", "eccg_2018-11.csv", "eccg_2025-12.csv"):
        for line in lines(shared / "ods-eccg" / name):
            if "HUB" in line[1].upper():
                subtypes.setdefault(name, set()).add(line[13])
                last = (
                    datetime.strptime(line[11], "%Y%m%d").replace(tzinfo=UTC).date() if line[11] else date(2019, 1, 1)
                )
                opened = datetime.strptime(line[10], "%Y%m%d").replace(tzinfo=UTC).date()
                found = await answers.get_organisation(whole, line[0], as_at=max(opened, last), as_known=None)
                assert found.kind is Kind.COMMISSIONING_HUB, line[:2]
    assert subtypes["eccg_2018-11.csv"] == {"H"}
    assert "H" not in subtypes["eccg_2025-12.csv"]
    assert len(await test_successions.open_ccgs(whole, date(2018, 4, 1))) == 195


async def test_codes_of_three_and_of_five_characters_are_one_sort(whole: Database) -> None:
    old, new = (
        await test_successions.open_ccgs(whole, date(2020, 4, 1)),
        await test_successions.open_ccgs(whole, date(2021, 4, 1)),
    )
    assert {len(code) for code in old} == {3}
    assert {len(code) for code in new} == {3, 5}
    assert sum(len(code) == 5 for code in new) == 9


async def test_names_change_under_the_same_code(whole: Database) -> None:
    for code, before, after in (
        ("01H", "NHS CUMBRIA CCG", "NHS NORTH CUMBRIA CCG"),
        ("01K", "NHS LANCASHIRE NORTH CCG", "NHS MORECAMBE BAY CCG"),
    ):
        then = await answers.get_organisation(whole, code, as_at=date(2016, 2, 29), as_known=None)
        later = await answers.get_organisation(whole, code, as_at=date(2018, 11, 30), as_known=None)
        assert (then.name, later.name) == (before, after)
