"""Files beside ODS's own of bodies and successions: what each form states and refuses, in small files of our own."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.core.levels import Level, levels_on
from services.registry.evidence import anomalies
from services.registry.evidence.views import AnomalyType
from services.registry.imports.files.source_file import recognised
from services.registry.imports.files.values import Unusable
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.formats.lookups import exact_share
from services.registry.imports.formats.partners import code_and_cqc, own_code
from services.registry.imports.report import FileReport
from services.registry.imports.runner import import_file
from services.registry.lineage.queries import lineage_of
from tests.support.ods_files import body, practice, write

TODAY = date(2026, 1, 1)


async def take(database: Database, path: Path) -> FileReport:
    return await import_file(database, recognised(path, FORMS, stated_on=None), today=TODAY)


def table(folder: Path, name: str, header: str, *lines: Iterable[str]) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split("|"), *lines])
    return path


async def held(database: Database, sort: str, day: str) -> set[tuple[str, str, str]]:
    rows = await database.fetch(
        """
        SELECT t.code, t.other, b.value FROM tie t JOIN tie_belief b ON b.subject_id = t.id
         WHERE t.sort = $1 AND upper_inf(b.known) AND b.valid @> $2::date
        """,
        sort,
        date.fromisoformat(day),
    )
    return {(row["code"], row["other"], row["value"]) for row in rows}


async def parent(database: Database, code: str, day: str) -> str | None:
    return (await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)).parent


async def status(database: Database, code: str, day: str) -> str:
    return (await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)).status


async def test_memberships_hold_from_joining_through_leaving(database: Database, tmp_path: Path) -> None:
    lines = [
        ["A81001", "5E1", "W", "20010401", "20130331", "0"],
        ["A81001", "00K", "W", "20130401", "", "0"],
        ["A81001", "00K", "W", "20130401", "", "0"],
        ["A81002", "00K", "W", "20130401", "20120101", "0"],
        ["A81003", "00K", "W", "", "", "0"],
        ["a81004", "00K", "W", "20130401", "", "0"],
        ["A81005", "00K"],
    ]
    report = await take(database, write(tmp_path, "epcmem_2019-10.csv", lines))
    assert [await parent(database, "A81001", day) for day in ("2001-03-31", "2001-04-01", "2013-03-31")] == [
        None,
        "5E1",
        "5E1",
    ]
    assert await parent(database, "A81001", "2013-04-01") == "00K"
    assert (report.lines, report.events, report.new_organisations) == (7, 2, 3)
    assert [(one.sort, one.words) for one in report.findings] == [("repeated line", "line 3 repeats line 2")]
    assert [(one.line, one.reason) for one in report.not_taken] == [
        (4, "it leaves on 2012-01-01, before it joins on 2013-04-01"),
        (5, "it has no day of joining"),
        (6, "'a81004' is no ODS code"),
        (7, "it has 2 columns, not 6"),
    ]


async def test_a_membership_until_the_year_9999_has_no_end(database: Database, tmp_path: Path) -> None:
    lines = [["A81001", "00K", "W", "20180401", "99991231", "0"], ["A81002", "00K", "W", "99991231", "", "0"]]
    report = await take(database, write(tmp_path, "epcmem_2019-10.csv", lines))
    assert await parent(database, "A81001", "2026-01-01") == "00K"
    assert [(one.line, one.reason) for one in report.not_taken] == [(2, "its day of joining '99991231' is no day")]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
async def test_findings_of_memberships_are_the_same_in_either_order_of_the_files(
    database: Database, tmp_path: Path, order: tuple[int, ...]
) -> None:
    members = write(
        tmp_path,
        "epcmem_2019-10.csv",
        [
            ["A81001", "00K", "W", "20130401", "20180630", "0"],
            ["A81002", "00K", "W", "20150101", "", "0"],
            ["A81003", "00M", "W", "20160301", "", "0"],
        ],
    )
    practices = write(
        tmp_path,
        "epraccur_2017-01.csv",
        [
            practice("A81001", "20140101", "00K", "20130401"),
            practice("A81002", "20141201", "00X", "20150101"),
            practice("A81003", "20160301", "00M", "20160301"),
        ],
    )
    ccgs = write(
        tmp_path,
        "eccg_2019-01.csv",
        [body("00K", "NHS K CCG", "20130401", "20180331"), body("00X", "NHS X CCG", "20130401")],
    )
    files = (members, ccgs, practices)
    for number in order:
        assert (await take(database, files[number])).not_taken == []

    async def found(sort: AnomalyType) -> list[tuple[str, str]]:
        return [(one.code, one.other) for one in await anomalies.find(database, sort, source="ods-epcmem")]

    assert await found(AnomalyType.JOINED_BEFORE_OPENING) == [("A81001", "00K")]
    assert await found(AnomalyType.JOINED_LATE) == [("A81002", "00K")]
    assert await found(AnomalyType.BELONGS_TO_CLOSED) == [("A81001", "00K")]
    assert await found(AnomalyType.UNDESCRIBED_PARENT) == [("00M", "")]
    contradicted = await anomalies.find(database, AnomalyType.MEMBERSHIP_CONTRADICTED)
    assert [(one.code, one.other, one.source) for one in contradicted] == [
        ("A81002", "00X", "ods-epraccur:epraccur_2017-01.csv")
    ]
    # The practice file says so too.
    counts = {one.sort: one.findings for one in (await anomalies.count(database)).sorts}
    assert counts[AnomalyType.JOINED_LATE] == 2


async def test_ons_codes_give_way_to_later_ones_whichever_table_comes_first(database: Database, tmp_path: Path) -> None:
    later = table(tmp_path, "ref_ccg20.csv", "CCG20CD|CCG20CDH|CCG20NM", ["E38000215", "01H", "NHS North Cumbria CCG"])
    first = table(tmp_path, "CCG_APR_2013.csv", "CCG13CD|CCG13CDH|CCG13NM", ["E38000041", "01H", "NHS Cumbria"])
    another = table(tmp_path, "ref_ccg21.csv", "CCG21CD|CCG21CDH|CCG21NM", ["E38000041", "99X", "NHS Another CCG"])
    await take(database, later)
    await take(database, first)
    assert await held(database, "code:ons", "2020-03-31") == {("01H", "E38000041", "*")}
    assert await held(database, "code:ons", "2020-04-01") == {("01H", "E38000215", "*")}
    report = await take(database, another)
    assert [(one.sort, one.code) for one in report.findings] == [("identifier of another", "99X")]
    assert await held(database, "code:ons", "2021-04-01") == {("01H", "E38000215", "*")}


async def test_a_table_that_names_ons_codes_alone_needs_one_with_both(database: Database, tmp_path: Path) -> None:
    header = "ccg_code|ccg_name|total_population"
    people = table(tmp_path, "population.csv", header, ["E38000041", "NHS Cumbria", "507404.0"])
    report = await take(database, people)
    assert [one.reason for one in report.not_taken] == ["no organisation has the ONS code E38000041"]
    await take(
        database, table(tmp_path, "CCG_APR_2013.csv", "CCG13CD|CCG13CDH|CCG13NM", ["E38000041", "01H", "NHS Cumbria"])
    )
    assert (await take(database, people)).not_taken == []
    [row] = await database.fetch("SELECT code, basis, effective_on, people FROM population_statement")
    assert tuple(row) == ("01H", "resident", date(2019, 6, 30), 507_404)


async def test_areas_are_covered_once_and_a_line_that_repeats_one_is_found(database: Database, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "LSOA_April_2021.csv",
        "LSOA11CD|LSOA11NM|CCG21CD|CCG21CDH|CCG21NM|LAD21CD|LAD21NM",
        ["E01000001", "One 001A", "E38000006", "02P", "NHS Barnsley CCG", "E08000016", "Barnsley"],
        ["E01000002", "One 001B", "E38000006", "02P", "NHS Barnsley CCG", "E08000019", "Sheffield"],
        ["E01000002", "One 001B", "E38000007", "99E", "NHS Basildon CCG", "E08000016", "Barnsley"],
    )
    report = await take(database, path)
    assert [(one.sort, one.code, one.words) for one in report.findings] == [
        ("stated twice", "E01000002", "lines 4 and 3 differ: line 4 is taken, whose codes are later")
    ]
    rows = await database.fetch("SELECT code, local_authority FROM area ORDER BY code")
    assert [tuple(row) for row in rows] == [("E01000001", "E08000016"), ("E01000002", "E08000016")]
    assert (await take(database, path)).events == 0


async def test_the_workbook_alone_gives_the_merger_and_the_change_of_footprint(
    database: Database, tmp_path: Path
) -> None:
    before = "CCG Code|CCG Name|STP Code|STP Name|Region (Local Office) Code|Region (Local Office) Name"
    await take(
        database,
        table(
            tmp_path,
            "pre-apr_2020.csv",
            f"{before}|Region Code|Region Name",
            ["03D", "NHS Hambleton CCG", "QHM", "North East", "Q74", "NHSE NORTH", "Y63", "North East and Yorkshire"],
            ["03E", "NHS Harrogate CCG", "QWO", "West Yorks", "Q72", "NHSE YORKS", "Y63", "North East and Yorkshire"],
        ),
    )
    await take(
        database,
        table(
            tmp_path,
            "post-apr_2020.csv",
            "CCG Code|CCG Name|STP Code|STP Name|Region Code|Region Name",
            ["42D", "NHS North Yorkshire CCG", "QOQ", "Humber", "Y63", "North East and Yorkshire"],
        ),
    )
    closing = "Legacy (closing) CCG Code|Legacy (closing) CCG Name|New CCG Name|New CCG Code"
    report = await take(
        database,
        table(
            tmp_path,
            "ccg_mergers.csv",
            closing,
            ["03D", "NHS Hambleton CCG", "NHS North Yorkshire CCG", "42D"],
            ["03E", "NHS Harrogate CCG", "NHS North Yorkshire CCG", "42D"],
        ),
    )
    assert report.mergers == 1
    assert (await lineage_of(database, "03E", as_at=TODAY)).resolves_to == ("42D",)
    assert [await status(database, "03E", day) for day in ("2020-03-31", "2020-04-01")] == ["open", "closed"]
    for day, stps in ((date(2020, 3, 31), {"03D": "QHM", "03E": "QWO"}), (date(2020, 4, 1), {"42D": "QOQ"})):
        assert await levels_on(database, ["03D", "03E", "42D"], Level.STP, as_at=day) == stps
    assert (await parent(database, "03E", "2020-03-31"), await parent(database, "42D", "2020-04-01")) == ("Q72", "QOQ")


def test_a_partners_code_is_its_ods_code_else_its_cqc_id_else_one_of_our_own() -> None:
    assert code_and_cqc("NL8 (CQC: 1-256729774)", "Locala") == ("NL8", "1-256729774")
    assert code_and_cqc("CQC:  1-600736408", "Healthwatch Shropshire") == ("C1600736408", "1-600736408")
    assert code_and_cqc("106", "Gateshead") == ("106", "")
    for unknown in ("?", "-", ""):
        assert code_and_cqc(unknown, "Virgin Care") == (own_code("virgin  care"), "")
    assert len(own_code("Virgin Care")) == 12


async def test_shares_that_miss_the_whole_by_their_rounding_are_taken_in_proportion_and_found(
    database: Database, tmp_path: Path
) -> None:
    rounded = ["0.333333333333333", "0.333333333333333", "3.33333333333333e-01"]
    path = table(
        tmp_path,
        "catchment.csv",
        "nhs_trust22_code|icb22_code|proportion_trust_came_from_icb",
        *(["R9A", f"E5400000{number}", share] for number, share in enumerate(rounded)),
        ["R9B", "E54000001", "0.5"],
        ["R9B", "E54000002", "0.4"],
        ["R9C", "E54000001", "some"],
    )
    report = await take(database, path)
    held_shares = sorted((code, share) for code, _, share in await held(database, "in area of", "2022-07-01"))
    assert held_shares == [*[("R9A", "1/3")] * 3, ("R9B", "1/2"), ("R9B", "2/5")]
    assert [(one.sort, one.code, one.words) for one in report.findings] == [
        ("rounded shares", "R9A", "its 3 shares sum to 0.999999999999999: taken in proportion")
    ]
    assert [(one.line, one.code) for one in report.not_taken] == [(7, "R9C")]


def test_a_share_is_the_exact_fraction_that_its_decimals_say() -> None:
    assert exact_share("0.25") == "1/4"
    assert exact_share("2.15e-06") == "43/20000000"
    for wrong in ("0", "1.5", "-0.1", "half", "NaN"):
        with pytest.raises(Unusable):
            exact_share(wrong)


async def test_a_register_closes_on_the_turn_of_a_month_and_names_kinds(database: Database, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "organisations.csv",
        "code|name|organisation_type|closure_date|successor_code",
        ["P01", "North West London Pathology", "pathology-jv", "", ""],
        ["RJX", "Calderstones Partnership NHS Foundation Trust", "provider", "2016-06-30", ""],
        ["10Y", "NHS Aylesbury Vale CCG", "commissioner", "2018-04-01", "14Y"],
        ["Z07", "Care Quality Commission", "alb", "", ""],
        ["X01", "Something", "club", "", ""],
    )
    report = await take(database, path)
    assert [(one.line, one.reason) for one in report.not_taken] == [(6, "'club' is no type of organisation")]
    assert [await status(database, "RJX", day) for day in ("2016-06-30", "2016-07-01")] == ["open", "closed"]
    assert [await status(database, "10Y", day) for day in ("2018-03-31", "2018-04-01")] == ["open", "closed"]
    assert (await lineage_of(database, "10Y", as_at=TODAY)).resolves_to == ("14Y",)
    cqc = await answers.get_organisation(database, "Z07", as_at=TODAY, as_known=None)
    assert (cqc.kind, cqc.name) == (Kind.CQC, "Care Quality Commission")
