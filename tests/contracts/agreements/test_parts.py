"""A part of a contract ends: what stays is nobody else's business, to the penny, and every table is whole."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.agreements.parts import ContractPart, Division, dearer, part_of, table_without
from services.contracts.core.shares import ShareTable

LINES = {"payroll": 400_000_00, "bi": 350_000_00, "it": 250_000_00}
LISTS = ShareTable(680_000, {"05C": 205_000, "10H": 330_000, "10Y": 145_000}, "population:registered")
THREE = Division(LINES, ("05C", "10H", "10Y"), LISTS)


def test_lines_end_for_all_and_the_table_stays() -> None:
    left = THREE.without(part_of(["payroll"], []))
    assert left == Division({"bi": 350_000_00, "it": 250_000_00}, THREE.customers, LISTS)


def test_one_customers_part_ends_and_the_others_pay_what_they_paid() -> None:
    left = THREE.without(part_of([], ["10Y"]))
    assert left.customers == ("05C", "10H")
    assert left.table == ShareTable(535_000, {"05C": 205_000, "10H": 330_000}, "population:registered")
    assert left.charges == {"payroll": 314_705_88, "bi": 275_367_65, "it": 196_691_18}
    before = sum(LINES.values()) * Fraction(205_000, 680_000)
    assert abs(sum(left.charges.values()) * left.shares["05C"] - before) < 2


def test_one_customers_part_of_a_line_ends() -> None:
    half = Division({"payroll": 100_00, "bi": 300_00}, ("05C", "10H"))
    left = half.without(part_of(["payroll"], ["05C"]))
    assert left.charges == {"payroll": 50_00, "bi": 300_00}
    assert left.table == ShareTable(7, {"05C": 3, "10H": 4})


def test_who_took_over_one_who_leaves_keeps_its_own_part() -> None:
    merged = Division(LINES, ("05C", "14Y"), ShareTable(680_000, {"05C": 205_000, "14Y": 475_000}))
    left = merged.without(ContractPart(leaving={"14Y": Fraction(145, 475)}))
    assert left.table == ShareTable(107, {"05C": 41, "14Y": 66})
    assert left.charges == THREE.without(part_of([], ["10Y"])).charges


def test_customers_without_a_table_go_on_with_equal_parts() -> None:
    left = Division({"payroll": 100_01}, ("05C", "10H", "10Y")).without(part_of([], ["10H"]))
    assert left == Division({"payroll": 66_67}, ("05C", "10Y"))


@pytest.mark.parametrize("part", [part_of(LINES, []), part_of([], THREE.customers), ContractPart()])
def test_what_has_no_line_or_no_customer_left_is_empty(part: ContractPart) -> None:
    assert THREE.without(part).is_empty


def test_a_part_covers_what_is_in_it() -> None:
    whole, payroll, own = ContractPart(), part_of(["payroll"], []), part_of([], ["10H"])
    assert whole.covers(payroll)
    assert not payroll.covers(whole)
    assert not payroll.covers(own)
    assert own.covers(part_of(["payroll"], ["10H"]))
    assert payroll.covers(part_of(["payroll"], ["10H"]))


def test_an_overhead_is_spread_over_what_stays_by_charge() -> None:
    left = THREE.without(part_of(["payroll"], []))
    assert dearer(left.charges, 72_000_00) == {"bi": 392_000_00, "it": 280_000_00}
    assert dearer({"bi": 0}, 5) == {"bi": 0}


def test_other_tables_keep_their_proportion_without_who_left() -> None:
    assert table_without(LISTS, part_of([], ["10H"])) == ShareTable(
        350_000, {"05C": 205_000, "10Y": 145_000}, "population:registered"
    )
    assert table_without(LISTS, part_of(["payroll"], ["10H"])) == LISTS
    assert table_without(ShareTable(1, {"10H": 1}), part_of([], ["10H"])) is None


def test_a_body_that_is_back_has_what_it_had_of_its_heir() -> None:
    merged = ShareTable(6, {"05C": 1, "14Y": 5})
    back = merged.parted(["10Y"], ShareTable(6, {"05C": 1, "10H": 2, "10Y": 3}))
    assert back.fractions(["05C", "10Y", "14Y"]) == ("1/6", "1/2", "1/3")
    acquired = ShareTable(6, {"05C": 1, "10H": 5})
    back = acquired.parted(["10Y"], ShareTable(6, {"05C": 1, "10H": 2, "10Y": 3}))
    assert back.fractions(["05C", "10H", "10Y"]) == ("1/6", "1/3", "1/2")
    assert acquired.parted(["98Z"], acquired).fractions(["05C", "10H", "98Z"]) == ("1/12", "5/6", "1/12")


weights = st.dictionaries(st.sampled_from(["A", "B", "C", "D"]), st.integers(1, 10**6), min_size=2)
charges = st.dictionaries(st.sampled_from(["f", "g", "h"]), st.integers(1, 10**10), min_size=1)


@settings(max_examples=60, deadline=None)
@given(weights, charges, st.sets(st.sampled_from(["f", "g", "h"])), st.sets(st.sampled_from(["A", "B", "C", "D"])))
def test_nobody_elses_charge_changes_by_more_than_a_penny_a_line(
    table: dict[str, int], lines: dict[str, int], ended: set[str], leaving: set[str]
) -> None:
    before = Division(lines, tuple(sorted(table)), ShareTable(sum(table.values()), table))
    functions, codes = ended & set(lines), leaving & set(table)
    part = part_of(functions, codes)
    left = before.without(part)
    if left.is_empty:
        assert not functions or functions == set(lines)
        assert not codes or codes == set(table)
        return
    assert left.table is not None
    assert sum(left.table.weights.values()) == left.table.total
    assert left.table.holders == set(left.customers)
    total = sum(left.charges.values())
    for code in before.customers:
        cells = [
            before.shares[code] * pence
            for function, pence in lines.items()
            if not ((not functions or function in functions) and (not codes or code in codes))
        ]
        assert abs(left.shares.get(code, Fraction(0)) * total - sum(cells)) <= len(lines) + 1
