"""Rules of budgets: years by days, ceilings, virements and rights, and what was only renamed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.budgets.rules import BudgetLine, Ceiling, Change, part_of_year, redesignated, why_above
from services.finance.core.years import FinancialYear
from services.finance.virements.rules import Authority, LineMove, virement_pack, why_no_authority, why_not_moved

YEAR = FinancialYear(2018)
DAY = date(2018, 6, 1)
LINE = BudgetLine(1, "10H", YEAR, "5210", "payroll", "", "", "", False, True, False, False, 1_000_00)
PACK = virement_pack(DAY)
RIGHT = Authority("R1", "10H", "budget", 5_000_00, "single", True, date(2018, 4, 1), date(2018, 12, 31))
AT = datetime(2018, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("annual", "day", "year", "pence"),
    [
        (120_000_000, date(2017, 10, 1), 2017, 59_835_616),
        (99_999_99, date(2019, 12, 1), 2019, 3_333_333),
        (365, date(2017, 4, 1), 2017, 365),
        (7, date(2018, 3, 31), 2017, 0),
    ],
)
def test_golden_27_part_of_a_year_is_by_days_and_the_rest_is_the_full_year_effect(
    annual: int, day: date, year: int, pence: int
) -> None:
    assert part_of_year(annual, FinancialYear(year), day) == pence


@settings(max_examples=50)
@given(st.integers(0, 10**13), st.integers(0, 364))
def test_a_part_is_the_nearest_penny_of_the_exact_one(annual: int, days: int) -> None:
    part = part_of_year(annual, YEAR, YEAR.first_day + timedelta(days))
    assert abs(part - Fraction(annual * (365 - days), 365)) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("people", "rate", "saving", "pence"),
    [
        ((200_000, 330_000), 2207, "1/5", (1_169_710_000, 233_942_000, 935_768_000)),
        ((3,), 1876, "1/3", (5628, 1876, 3752)),
    ],
)
def test_golden_16_a_fifth_of_the_allowance_is_saved(
    people: tuple[int, ...], rate: int, saving: str, pence: tuple[int, int, int]
) -> None:
    ceiling = Ceiling(sum(people) * rate, Fraction(saving))
    assert (ceiling.allowance_pence, ceiling.saving_pence, ceiling.pence) == pence


def test_administration_may_fall_where_it_lies_above_its_ceiling_and_not_rise() -> None:
    ceiling = Ceiling(100)
    assert why_above(ceiling, 0, 100) == []
    assert len(why_above(ceiling, 100, 101)) == 1
    assert why_above(ceiling, 300, 299) == []
    assert why_above(None, 0, 10**13) == []


ADMIN = replace(LINE, id=2, admin=True)
ONCE = replace(LINE, id=3, recurrent=False)
TRANSITION = replace(ONCE, id=4, transition=True)
MODEL = replace(LINE, id=5, care_model="ACO-1", service="all")
PRIMARY = replace(LINE, id=6, service="core_primary_care")
NEXT = replace(LINE, id=7, year=FinancialYear(2019))


@pytest.mark.parametrize(
    ("source", "target", "from_saving", "refused"),
    [
        (LINE, ONCE, False, []),
        (ADMIN, LINE, False, []),
        (LINE, ADMIN, False, ["virement-refused"]),
        (ONCE, LINE, False, ["virement-refused"]),
        (LINE, LINE, False, ["virement-refused"]),
        (PRIMARY, MODEL, False, ["excluded-from-care-model"]),
        (LINE, MODEL, False, []),
        (LINE, NEXT, False, ["budgets-differ"]),
        (LINE, replace(LINE, id=8, organisation="10Y"), False, ["budgets-differ"]),
        (LINE, TRANSITION, True, []),
        (LINE, ONCE, True, ["virement-refused"]),
        (ONCE, LINE, True, ["virement-refused"] * 3),
    ],
)
def test_a_virement_keeps_to_its_rules(
    source: BudgetLine, target: BudgetLine, from_saving: bool, refused: list[str]
) -> None:
    excludes = {"ACO-1": ["core_primary_care"]}
    found = why_not_moved([LineMove(source, target, 1)], excludes, PACK, from_saving=from_saving)
    assert [one.slug() for one in found] == refused


@pytest.mark.parametrize(
    ("right", "named", "pence", "on", "used", "refused"),
    [
        (None, "", 100_000_00, DAY, 0, 0),
        (None, "", 100_000_01, DAY, 0, 1),
        (None, "R1", 1, DAY, 0, 1),
        (RIGHT, "R1", 5_000_00, DAY, 10**9, 0),
        (RIGHT, "R1", 5_000_01, DAY, 0, 1),
        (RIGHT, "R1", 1, date(2019, 1, 1), 0, 1),
        (RIGHT, "R1", 1, date(2018, 3, 31), 0, 1),
        (replace(RIGHT, limit_basis="annual"), "R1", 5_000_00, DAY, 1, 1),
        (replace(RIGHT, limit_pence=None), "R1", 10**12, DAY, 10**12, 0),
        (replace(RIGHT, organisation="10Y", recurrent=False), "R1", 1, DAY, 0, 2),
        (replace(RIGHT, action="budget.virement"), "R1", 1, DAY, 0, 0),
        (replace(RIGHT, action="contract.award"), "R1", 1, DAY, 0, 1),
        (replace(RIGHT, action="budget.vire"), "R1", 1, DAY, 0, 1),
    ],
)
def test_a_virement_above_the_packs_limit_needs_a_right_that_covers_it(
    right: Authority | None, named: str, pence: int, on: date, used: int, refused: int
) -> None:
    moves = [LineMove(LINE, replace(LINE, id=9), pence)]
    found = why_no_authority(moves, right, named, pack=PACK, on=on, used_pence=used, without_right={})
    assert len(found) == refused


@pytest.mark.parametrize(
    ("before", "pence", "refused"),
    [
        ({}, (50_000_00, 50_000_00), ()),
        ({LINE.id: (40_000_00, 0)}, (30_000_00, 30_000_00), ()),
        ({LINE.id: (40_000_01, 0)}, (30_000_00, 30_000_00), (f"£100,000.01 out of {LINE.name}",)),
        ({LINE.id: (0, 10**9)}, (30_000_00, 30_000_00), ()),
        ({8: (0, 70_000_01), 9: (0, 70_000_00)}, (30_000_00, 30_000_00), ("£100,000.01 into BL-8",)),
        ({LINE.id: (10**9, 0)}, (50_000_01, 50_000_00), ("£100,000.01 needs",)),
    ],
)
def test_without_a_right_the_limit_is_for_all_that_moves_out_of_or_into_a_line_in_a_year(
    before: dict[int, tuple[int, int]], pence: tuple[int, int], refused: tuple[str, ...]
) -> None:
    moves = [LineMove(LINE, replace(LINE, id=number), amount) for number, amount in zip((8, 9), pence, strict=True)]
    found = why_no_authority(moves, None, "", pack=PACK, on=DAY, used_pence=0, without_right=before)
    assert len(found) == len(refused)
    assert all(one.message.startswith(start) for one, start in zip(found, refused, strict=True))


ADMIN_68 = Change(ADMIN, 680_000_000, AT, opening=True)
PROGRAMME = replace(LINE, id=8)


@pytest.mark.parametrize(
    ("changes", "pence"),
    [
        # South Devon and Torbay: £300k of £6.8m.
        ([(ADMIN, -30_000_000, False), (PROGRAMME, 30_000_000, False)], [(30_000_000, 680_000_000)]),
        ([(ADMIN, -30_000_000, False), (PROGRAMME, 45_000_000, True)], [(30_000_000, 680_000_000)]),
        ([(ADMIN, -50_000_000, False), (PROGRAMME, 20_000_000, False)], [(20_000_000, 680_000_000)]),
        ([(PROGRAMME, 45_000_000, True), (ADMIN, -30_000_000, False)], []),
        ([(ADMIN, -30_000_000, False), (replace(PROGRAMME, function="bi"), 30_000_000, False)], []),
        ([(ADMIN, 30_000_000, False), (PROGRAMME, 30_000_000, False)], []),
    ],
)
def test_administration_that_only_becomes_programme_is_found(
    changes: list[tuple[BudgetLine, int, bool]], pence: list[tuple[int, int]]
) -> None:
    stated = [
        Change(line, amount, AT + timedelta(days=number), opening=opening)
        for number, (line, amount, opening) in enumerate(changes, start=1)
    ]
    assert [(one.amount_pence, one.of_pence) for one in redesignated([ADMIN_68, *stated])] == pence
