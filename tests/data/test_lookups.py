"""ONS's names, codes and areas, populations and networks: bodies, dated codes, who lay where."""

from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.core.levels import Level, levels_on
from services.registry.imports.formats.lookups import exact_share
from tests.data.whole import Whole, rows

APRIL_2021 = date(2021, 4, 1)

_ONS = """
SELECT t.code, t.other FROM tie t JOIN tie_belief b ON b.subject_id = t.id
 WHERE t.sort = 'code:ons' AND upper_inf(b.known) AND b.valid @> $1::date
"""
_COVERED = """
SELECT a.code, a.local_authority, b.value AS ccg FROM area a
  LEFT JOIN area_belief b ON b.subject_id = a.id AND b.facet = 1 AND upper_inf(b.known) AND b.valid @> $1::date
"""
_TIED = """
SELECT t.code, t.other, b.value FROM tie t JOIN tie_belief b ON b.subject_id = t.id
 WHERE t.sort = $1 AND upper_inf(b.known) AND b.valid @> $2::date AND b.valid @> $2::date
"""


async def ons_codes(database: Database, day: date) -> dict[str, set[str]]:
    held: dict[str, set[str]] = defaultdict(set)
    for row in await database.fetch(_ONS, day):
        held[row["code"]].add(row["other"])
    return held


async def count(database: Database, kind: Kind, day: date) -> int:
    found = await answers.list_organisations(
        database, answers.OrganisationFilter(kind, "open"), as_at=day, as_known=None, after=None, limit=500
    )
    return len(found)


async def test_each_of_32844_areas_is_covered_by_one_of_106_ccgs_from_april_2021(whole: Database, shared: Path) -> None:
    given = {
        row["LSOA11CD"]: (row["LAD21CD"], row["CCG21CDH"])
        for row in rows(shared / "ons-lookups" / "LSOA11_CCG21_LAD21_April_2021.csv.gz")
    }
    held = {row["code"]: (row["local_authority"], row["ccg"]) for row in await whole.fetch(_COVERED, APRIL_2021)}
    assert (len(given), len({ccg for _, ccg in given.values()})) == (32_844, 106)
    assert held == given
    before = await whole.fetch(_COVERED, date(2021, 3, 31))
    assert {row["ccg"] for row in before} == {None}


async def test_ons_codes_hold_on_the_days_of_their_tables_and_change_where_the_ods_code_does_not(
    whole: Database, shared: Path
) -> None:
    lookups = shared / "ons-lookups"
    tables = (
        (date(2013, 4, 1), "CCG_APR_2013.csv", "CCG13CDH", "CCG13CD"),
        (date(2020, 4, 1), "ref_ccg20.csv", "CCG20CDH", "CCG20CD"),
        (APRIL_2021, "ref_ccg21.csv", "CCG21CDH", "CCG21CD"),
    )
    codes: dict[str, list[str]] = defaultdict(list)
    for day, name, ods, ons in tables:
        held = await ons_codes(whole, day)
        for row in rows(lookups / name):
            assert held[row[ods]] == {row[ons]}, (day, row)
            codes[row[ods]].append(row[ons])
    assert sorted(code for code, borne in codes.items() if len(set(borne)) > 1) == ["01E", "01H", "01K", "02M"]
    assert (await ons_codes(whole, date(2019, 1, 1)))["01H"] == {"E38000041"}
    assert (await ons_codes(whole, date(2020, 4, 1)))["01H"] == {"E38000215"}


async def test_151_pcts_and_10_shas_end_when_ccgs_begin(whole: Database) -> None:
    for day, pcts, shas in ((date(2013, 3, 31), 151, 10), (date(2013, 4, 1), 0, 0)):
        assert (await count(whole, Kind.PCT, day), await count(whole, Kind.SHA, day)) == (pcts, shas)


async def test_a_pct_is_part_of_its_sha_and_four_lay_in_two(whole: Database, shared: Path) -> None:
    shas: dict[str, set[str]] = defaultdict(set)
    for row in rows(shared / "ons-lookups" / "PCO12_SHA12_EN_LU.csv"):
        shas[row["PCO12CDO"]].add(row["SHA12CDO"])
    held: dict[str, set[str]] = defaultdict(set)
    for row in await whole.fetch(_TIED, "in area of", date(2013, 3, 31)):
        held[row["code"]].add(row["other"])
    assert {code: held[code] for code in shas} == shas
    assert sorted(code for code, within in shas.items() if len(within) > 1) == ["5K3", "5LH", "5N9", "5QG"]
    for code, within in shas.items():
        one = await answers.get_organisation(whole, code, as_at=date(2013, 3, 31), as_known=None)
        assert one.parent == (next(iter(within)) if len(within) == 1 else None), code


async def test_25_area_teams_and_4_regions_of_2013_stand_above_the_211(whole: Database, shared: Path) -> None:
    teams = {row["ons_code"]: row["hscic_code"] for row in rows(shared / "ons-lookups/area_teams_2013_ons_to_ods.csv")}
    ccgs = {row["CCG13CD"]: row["CCG13CDH"] for row in rows(shared / "ons-lookups" / "CCG_APR_2013.csv")}
    regions: Counter[str] = Counter()
    given = rows(shared / "ons-lookups" / "CCG13_NHSAT13_NHSCR13_EW_LU.csv")
    assert (len(given), len(teams)) == (211, 25)
    for row in given:
        one = await answers.get_organisation(whole, ccgs[row["CCG13CD"]], as_at=date(2013, 4, 1), as_known=None)
        assert one.parent == teams[row["NHSAT13CD"]], row
        regions[row["NHSCR13CD"]] += 1
    assert len(regions) == 4
    assert {(await ons_codes(whole, date(2013, 4, 1)))[code].pop() for code in ("Y54", "Y55", "Y56", "Y57")} == set(
        regions
    )


async def test_106_ccgs_in_42_stps_in_7_regions_in_2021(whole: Database, shared: Path) -> None:
    given = rows(shared / "ons-lookups" / "CCG_to_STP_to_NHSER_April_2021.csv")
    codes = [row["CCG21CDH"] for row in given]
    for level, column in ((Level.STP, "STP21CDH"), (Level.REGION, "NHSER21CDH")):
        above = await levels_on(whole, codes, level, as_at=date(2021, 4, 2))
        assert above == {row["CCG21CDH"]: row[column] for row in given}
    assert (len({row["STP21CDH"] for row in given}), len({row["NHSER21CDH"] for row in given})) == (42, 7)


async def test_the_42_stps_are_42_icbs_from_july_2022(whole: Database, shared: Path) -> None:
    """The three STPs that closed in 2018 are no boards; each board has its name in that of its locations."""
    for day, stps, icbs in ((date(2022, 6, 30), 42, 0), (date(2022, 7, 2), 0, 42), (date(2025, 12, 31), 0, 42)):
        assert (await count(whole, Kind.STP, day), await count(whole, Kind.ICB, day)) == (stps, icbs), day
    established = await whole.fetch(
        """
        SELECT o.code FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
         WHERE b.facet = 5 AND b.value = 'established' AND upper_inf(b.known) AND lower(b.valid) = '2022-07-01'
        """
    )
    given = rows(shared / "ons-lookups" / "CCG_to_STP_to_NHSER_April_2021.csv")
    assert {row["code"] for row in established} == {row["STP21CDH"] for row in given}
    for code, names in (
        ("QHM", ("Cumbria and North East", "NHS NORTH EAST AND NORTH CUMBRIA ICB")),
        ("QSL", ("Somerset", "NHS SOMERSET ICB")),
    ):
        for day, name in zip((date(2022, 6, 30), date(2022, 7, 2)), names, strict=True):
            board = await answers.get_organisation(whole, code, as_at=day, as_known=None)
            assert board.name == name, (code, day)
    for code in ("QVP", "QT8", "QMK"):
        closed = await answers.get_organisation(whole, code, as_at=date(2022, 7, 2), as_known=None)
        assert (closed.kind, closed.status) == (Kind.STP, "closed"), code


async def test_ccgs_lie_in_309_local_authorities_under_their_ons_codes(whole: Database, shared: Path) -> None:
    given = {(row["CCG21CDH"], row["LAD21CD"]) for row in rows(shared / "ons-lookups" / "ccg_lad_lookup.csv")}
    held = {(row["code"], row["other"]) for row in await whole.fetch(_TIED, "in area of", APRIL_2021)}
    assert (len(given), len({authority for _, authority in given})) == (343, 309)
    assert given <= held
    barnsley = await answers.get_organisation(whole, "E08000016", as_at=APRIL_2021, as_known=None)
    assert (barnsley.kind, barnsley.name) == (Kind.LOCAL_AUTHORITY, "Barnsley")


_SHARES = """
SELECT t.code, t.other, s.value FROM tie t JOIN tie_statement s ON s.subject_id = t.id
 WHERE t.sort = 'in area of' AND s.source = 'ons:trust22_to_icb22_catchment_share.csv'
"""


async def test_trusts_patients_by_icb_are_exact_fractions_that_sum_to_the_whole(
    whole: Database, taken: Whole, shared: Path
) -> None:
    report = taken.reports["trust22_to_icb22_catchment_share.csv"]
    assert (report.lines, report.not_taken) == (1_321, [])
    owners = {
        row["other"]: row["code"] for row in await whole.fetch("SELECT code, other FROM tie WHERE sort='code:ons'")
    }
    # As stated: some of the trusts had closed by then, and their relations with them.
    held = {(row["code"], row["other"]): row["value"] for row in await whole.fetch(_SHARES)}
    sums: defaultdict[str, Fraction] = defaultdict(Fraction)
    for row in rows(shared / "ons-lookups" / "trust22_to_icb22_catchment_share.csv"):
        share = Fraction(held[row["nhs_trust22_code"], owners[row["icb22_code"]]])
        written = Fraction(exact_share(row["proportion_trust_came_from_icb"]))
        assert abs(share - written) <= written / 10**12
        sums[row["nhs_trust22_code"]] += share
    assert (len(sums), set(sums.values())) == (138, {Fraction(1)})
    assert sum(one.sort == "rounded shares" for one in report.findings) == 136


async def test_populations_are_held_by_basis_and_day(whole: Database, taken: Whole) -> None:
    counted = {
        (row["basis"], row["day"]): (row["bodies"], row["people"])
        for row in await whole.fetch(
            "SELECT basis, effective_on::text AS day, count(*) AS bodies, sum(people)::bigint AS people "
            "FROM population_statement GROUP BY 1, 2"
        )
    }
    assert counted["resident", "2019-06-30"] == (135, 56_286_961)
    assert counted["registered", "2013-06-30"][0] == 9_754
    bodies, people = counted["weighted", "2023-04-01"]
    # 61,903,547 in the publication; each practice's is rounded to whole people here.
    assert (bodies, abs(people - 61_903_547) < bodies) == (6_553, True)
    assert taken.reports["patient_list_size_2013-06.csv.gz"].not_taken == []


async def test_practices_are_members_of_their_networks(whole: Database, taken: Whole) -> None:
    report = taken.reports["gp-reg-pat-prac-map_2022-01.csv.gz"]
    assert (report.lines, report.not_taken) == (6_527, [])
    members = await whole.fetch(_TIED, "member of", date(2022, 1, 31))
    networks = {row["other"] for row in members}
    assert len(members) == 6_527 - 68
    assert len(networks) == 1_254
    one = await answers.get_organisation(whole, "U89141", as_at=date(2022, 1, 31), as_known=None)
    assert (one.kind, one.name) == (Kind.PCN, "STOCKTON PCN")
