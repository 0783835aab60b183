"""The demo's facts hold together, and count what the NHS counted."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import openpyxl

from deploy.demo.records import ABOLITION, FOLDER, DemoRecords, Merger, read_records

FACTS = read_records()
OFFICIAL_COUNTS = {2013: 211, 2015: 209, 2017: 207, 2018: 195, 2019: 191, 2020: 135, 2021: 106}
"""CCGs open on 1 April, as published."""


def replay(facts: DemoRecords) -> Iterator[tuple[Merger, set[str]]]:
    """Give each merger with the codes that are open before it."""
    operating = {ccg.code for ccg in facts.ccgs}
    for merger in facts.mergers:
        yield merger, set(operating)
        operating = operating - set(merger.predecessors) | {merger.successor}


def test_211_ccgs_opened_in_april_2013_each_under_a_code_and_a_name_of_its_own() -> None:
    assert len(FACTS.ccgs) == 211
    assert len({ccg.code for ccg in FACTS.ccgs}) == len({ccg.name for ccg in FACTS.ccgs}) == 211
    assert {ccg.from_day for ccg in FACTS.ccgs} == {date(2013, 4, 1)}


def test_replaying_the_mergers_by_day_gives_the_counts_that_were_published() -> None:
    operating = {ccg.code for ccg in FACTS.ccgs}
    counts = {2013: len(operating)}
    for merger in FACTS.mergers:
        operating = operating - set(merger.predecessors) | {merger.successor}
        counts[merger.day.year] = len(operating)
    assert counts == OFFICIAL_COUNTS


def test_every_predecessor_is_open_when_it_merges_and_no_successor_is() -> None:
    assert len(FACTS.mergers) == 37
    for merger, operating in replay(FACTS):
        assert len(merger.predecessors) >= 2
        assert set(merger.predecessors) <= operating, merger
        assert merger.successor not in operating, merger


def test_mergers_stand_in_order_of_their_days_and_are_agreed_before() -> None:
    days = [merger.day for merger in FACTS.mergers]
    assert days == sorted(days)
    assert all(merger.agreed < merger.day for merger in FACTS.mergers)
    assert [merger.successor for merger in FACTS.mergers if merger.proposed] == ["13T"]


def test_every_name_is_the_one_of_its_day() -> None:
    names = [ccg.name for ccg in FACTS.ccgs] + [merger.name for merger in FACTS.mergers]
    assert all(name.startswith("NHS ") and name.endswith(" CCG") for name in names)
    assert not [name for name in names if "&" in name or "ICB" in name or name.isupper()]
    by_code = {ccg.code: ccg.name for ccg in FACTS.ccgs} | {merger.successor: merger.name for merger in FACTS.mergers}
    assert by_code["01H"] == "NHS Cumbria CCG"
    assert by_code["D2P2L"] == "NHS Black Country and West Birmingham CCG"
    assert by_code["14Y"] == "NHS Buckinghamshire CCG"
    renamed = {renaming.code: (by_code[renaming.code], renaming.name) for renaming in FACTS.renamings}
    assert renamed == {
        "01H": ("NHS Cumbria CCG", "NHS North Cumbria CCG"),
        "01K": ("NHS Lancashire North CCG", "NHS Morecambe Bay CCG"),
    }


def test_the_places_speak_of_ccgs_and_suppliers_that_are_there() -> None:
    ccgs, boards = {ccg.code for ccg in FACTS.ccgs}, {board.code for board in FACTS.boards}
    suppliers = {supplier.code: supplier for supplier in FACTS.places.suppliers}
    merged_into = {merger.successor: set(merger.predecessors) for merger in FACTS.mergers}
    for place in FACTS.places.places:
        assert set(place.ccgs) <= ccgs
        assert place.successor is None or merged_into[place.successor] == set(place.ccgs)
    for contract in FACTS.places.contracts:
        assert set(contract.customers) <= ccgs | boards
        assert set(contract.left_to_sign) < set(contract.customers)
        assert suppliers[contract.supplier].from_day <= contract.from_day
    for allowances in FACTS.places.allowances:
        assert set(allowances.populations) <= ccgs


def test_a_figure_names_its_source_or_is_marked_illustrative() -> None:
    places = FACTS.places
    told = [*places.contracts, *places.consolidations, *places.allowances, *places.officers, *places.slips]
    told += [*places.schedules, *places.units, *places.awards, *places.trusts, *places.estates_returns]
    told += [*places.spend_files, *places.simulations]
    assert not [fact for fact in told if not fact.source and not fact.illustrative]
    north_london = next(contract for contract in places.contracts if contract.reference == "NCL-SLA-2017")
    assert sum(north_london.lines.values()) == 16_000_000
    assert not north_london.illustrative


def test_the_estate_is_of_the_trusts_and_each_scheme_of_a_site() -> None:
    [estates] = FACTS.places.estates_returns
    book = openpyxl.load_workbook(FOLDER / estates.file)
    sites, schemes = (list(book[name].iter_rows(min_row=3, values_only=True)) for name in ("Site Data", "PFI Data"))
    assert {site[0] for site in sites} == {trust.code for trust in FACTS.places.trusts}
    assert {scheme[:4] for scheme in schemes} <= {site[:4] for site in sites}
    # As in ERIC of 2016-17, what the four trusts stated: high, significant, moderate and low risk.
    assert [sum(column) for column in list(zip(*sites, strict=True))[4:]] == [
        2_043_159,
        11_128_839,
        82_494_518,
        15_503_660,
    ]


def test_published_payments_name_suppliers_of_the_demo_and_the_contract_explains_them() -> None:
    [spend] = FACTS.places.spend_files
    with (FOLDER / spend.file).open(encoding="utf-8", newline="") as lines:
        paid = list(csv.DictReader(lines))
    names = {one["Supplier"] for one in paid}
    assert set(spend.aliases) == {name for name in names if "ILLUSTRATIVE" not in name}
    assert set(spend.aliases.values()) <= {one.code for one in FACTS.places.suppliers}
    contract = next(one for one in FACTS.places.contracts if one.reference == "BC-DUDLEY-2016")
    monthly = Decimal(sum(contract.lines.values())) / 12
    regular = [Decimal(one["AP Amount (£)"].replace(",", "")) for one in paid if "LANC" in one["Supplier"]]
    assert [amount for amount in regular if amount > 0] == [round(monthly, 2)] * 6
    assert len([amount for amount in regular if amount < 0]) == 1


def test_the_consolidation_replaces_contracts_of_the_demo_and_costs_less() -> None:
    contracts = {contract.reference: contract for contract in FACTS.places.contracts}
    for consolidation in FACTS.places.consolidations:
        replaced = [contracts[reference] for reference in consolidation.replaces]
        assert all(contract.last_day > consolidation.from_day for contract in replaced)
        before = sum(sum(contract.lines.values()) for contract in replaced)
        assert sum(consolidation.lines.values()) < before


def test_the_files_carry_the_attribution_that_their_licence_asks_for() -> None:
    attribution = "Contains public sector information licensed under the Open Government Licence v3.0."
    for name in ("README.md", "places.toml", "counts.toml"):
        assert attribution in (FOLDER / name).read_text(encoding="utf-8")


def operating_on(day: date) -> set[str]:
    """The CCGs of a day, by the mergers alone."""
    operating = {ccg.code for ccg in FACTS.ccgs if ccg.from_day <= day}
    for merger in FACTS.mergers:
        if merger.day <= day:
            operating = operating - set(merger.predecessors) | {merger.successor}
    return operating


def test_each_board_follows_an_stp_and_each_ccg_of_2022_is_in_exactly_one() -> None:
    stps = {body.code for body in FACTS.bodies if body.kind == "stp" and body.last_day is None}
    assert {board.code for board in FACTS.boards} == stps
    assert len(stps) == 42
    within = [code for level in FACTS.levels if level.level == "icb" for code in level.codes]
    assert sorted(within) == sorted(operating_on(ABOLITION))
    assert len(within) == 106
    assert {level.day for level in FACTS.levels if level.level == "icb"} == {ABOLITION}
    assert all(board.name.startswith("NHS ") and board.name.endswith(" ICB") for board in FACTS.boards)


def test_every_commissioner_is_in_an_stp_from_april_2019_and_in_a_region_on_every_day() -> None:
    for day in (date(2013, 4, 1), date(2015, 4, 1), date(2017, 4, 1), date(2018, 4, 1), date(2019, 4, 1)):
        assert set(above_on(day, "region")) >= operating_on(day)
        assert set(above_on(day, "local_office")) >= operating_on(day)
    counts = {}
    for year in (2019, 2020, 2021):
        day = date(year, 4, 1)
        stps = above_on(day, "stp")
        assert set(stps) >= operating_on(day)
        counts[year] = len({stps[code] for code in operating_on(day)})
    assert counts == {2019: 42, 2020: 42, 2021: 42}


def above_on(day: date, level: str) -> dict[str, str]:
    """The body of this level above each on a day, the last that was stated by then."""
    return {
        code: one.above
        for one in sorted(FACTS.levels, key=lambda one: one.day)
        if one.level == level and one.day <= day
        for code in one.codes
    }


def test_what_is_above_is_open_on_the_day() -> None:
    bodies = {body.code: body for body in FACTS.bodies}
    for level in (one for one in FACTS.levels if one.level != "parent"):
        above = bodies[level.above]
        assert above.from_day <= level.day
        assert above.last_day is None or level.day <= above.last_day, level
        named = set(level.codes) - set(bodies)
        assert named <= operating_on(level.day), level


def test_an_ons_code_names_one_body_and_every_ccg_has_one() -> None:
    bearers: dict[str, set[str]] = {}
    for one in FACTS.ons_codes:
        bearers.setdefault(one.ons, set()).add(one.code)
    assert [ons for ons, codes in bearers.items() if len(codes) > 1] == []
    everyone = {ccg.code for ccg in FACTS.ccgs} | {merger.successor for merger in FACTS.mergers}
    assert everyone <= {one.code for one in FACTS.ons_codes}
    assert {one.day for one in FACTS.ons_codes if one.code == "01H"} == {date(2013, 4, 1), date(2017, 4, 1)}


def test_counts_of_people_are_of_bodies_that_are_there_and_add_up() -> None:
    people: dict[str, dict[str, int]] = {}
    for one in FACTS.populations:
        people.setdefault(one.count, {})[one.code] = one.people
    assert set(people) == {count.name for count in FACTS.counts}
    practices = {one.code for one in FACTS.practices}
    assert set(people["residents-2019"]) == operating_on(date(2020, 4, 1))
    assert sum(people["residents-2019"].values()) == 56_286_961
    assert set(people["lists-2024"]) - practices == operating_on(date(2022, 6, 30))
    assert set(people["lists-2013"]) <= practices
    moved = {code for level in FACTS.levels if level.level == "parent" for code in level.codes}
    stayed = sum(people["lists-2024"].get(code, 0) for code in practices - moved)
    # Its list is the sum of projections with decimals, of which each practice's is rounded.
    assert abs(stayed - people["lists-2024"]["06H"]) <= 50
    for allowances in FACTS.places.allowances:
        if "2015" in allowances.source:
            assert {code: people["lists-2015"][code] for code in allowances.populations} == dict(allowances.populations)


def test_the_areas_are_those_of_the_four_places_each_once() -> None:
    areas = [area for run in FACTS.areas for area in run.all]
    assert len(areas) == len(set(areas)) == 2426
    successors = {place.successor or place.ccgs[0] for place in FACTS.places.places}
    assert {run.code for run in FACTS.areas} == successors
