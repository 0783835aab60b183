"""What the columns of a real file become: addresses, geographies, commissioners, dormancy, and what outlives a CCG."""

from datetime import date
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from libs.organisations.statements import Facet
from services.registry.core import queries as answers
from services.registry.imports.runner import import_folder
from tests.registry.imports.test_runner import kind, status, take
from tests.support.ods_files import body, practice, write


async def believed(database: Database, code: str, facet: Facet) -> list[tuple[str, str]]:
    """What is believed now of one thing: each value with its days."""
    rows = await database.fetch(
        """
        SELECT b.value, b.valid::text FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
         WHERE o.code = $1 AND b.facet = $2 AND upper_inf(b.known) ORDER BY b.valid
        """,
        code,
        facet,
    )
    return [tuple(row) for row in rows]


async def parent(database: Database, code: str, day: str) -> str | None:
    found = await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)
    return found.parent


async def test_an_address_is_the_one_seen_and_ends_with_the_postcode(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "ods"
    first = {"c4": "DR PIPER HOUSE", "c5": "KING STREET", "c7": "DARLINGTON", "c9": "DL3 6JL"}
    write(folder, "eccg_2016-02.csv", [body("00C", "NHS DARLINGTON CCG", "20130401", "", **first)])
    write(
        folder, "eccg_2018-11.csv", [body("00C", "NHS DARLINGTON CCG", "20130401", "", c4="QUEENSWAY", c9="TS23 2LA")]
    )
    await take(database, folder)
    assert await believed(database, "00C", Facet.ADDRESS) == [
        ("DR PIPER HOUSE\nKING STREET\nDARLINGTON\nDL3 6JL", "(,2018-11-30)"),
        ("QUEENSWAY\nTS23 2LA", "[2018-11-30,)"),
    ]


async def test_a_geography_is_kept_as_each_file_shows_it_with_its_region(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "ods"
    for name, region, geography, last in (
        ("eccg_2016-02.csv", "Y54", "Q74", ""),
        ("eccg_2018-11.csv", "Y54", "Q83", ""),
        ("eccg_2025-12.csv", "Y63", "QHM", "20200331"),
    ):
        write(folder, name, [body("00C", "NHS DARLINGTON CCG", "20130401", last, c2=region, c3=geography)])
    write(folder, "eauth_2018-11.csv", [body("Q83", "NHS ENGLAND NORTH (GREATER MANCHESTER)", "20160401", c2="Y54")])
    await take(database, folder)
    days = ("2014-01-01", "2016-02-29", "2018-11-29", "2018-11-30", "2020-04-01", "2025-12-31")
    assert [await parent(database, "00C", day) for day in days] == ["Q74", "Q74", "Q74", "Q83", None, None]
    assert [await parent(database, code, "2025-12-31") for code in ("Q74", "Q83", "QHM")] == ["Y54", "Y54", "Y63"]
    assert await status(database, "QHM", "2025-12-31") == "unknown"


async def test_the_geography_of_a_body_that_had_closed_says_nothing_of_its_life(
    database: Database, tmp_path: Path
) -> None:
    """The file of 2025 puts a CCG that closed in 2020 under an ICB: true of no day on which there was the CCG."""
    folder = tmp_path / "ods"
    write(folder, "eccg_2025-12.csv", [body("00C", "NHS DARLINGTON CCG", "20130401", "20200331", c2="Y63", c3="QHM")])
    await take(database, folder)
    assert [await parent(database, "00C", day) for day in ("2019-01-01", "2025-12-30", "2025-12-31")] == [
        None,
        None,
        None,
    ]


async def test_a_geography_in_two_regions_is_found_and_gets_none(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "ods"
    lines = [
        body(code, f"NHS {code} CCG", "20130401", c2=region, c3="Q74")
        for code, region in (("00C", "Y54"), ("00D", "Y55"))
    ]
    write(folder, "eccg_2016-02.csv", lines)
    report = await take(database, folder)
    assert [(one.sort, one.code, one.words) for one in report.findings()] == [
        ("several regions", "Q74", "lines put it into Y54, Y55: none was stated")
    ]
    assert await parent(database, "Q74", "2016-02-29") is None


async def test_a_practice_belongs_to_its_commissioner_until_it_left(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "ods"
    left, unsaid = practice("A81001", "19740401", "00K", "20130401"), practice("A81002", "19740401", "00K", "")
    left[16] = "20150331"
    write(folder, "epraccur_2018-06.csv", [left, unsaid])
    report = await take(database, folder)
    assert [
        await parent(database, "A81001", day) for day in ("2013-03-31", "2013-04-01", "2015-03-31", "2015-04-01")
    ] == [
        None,
        "00K",
        "00K",
        None,
    ]
    assert [(one.sort, one.code) for one in report.findings()] == [("no day of joining", "A81002")]
    assert await parent(database, "A81002", "2018-06-30") == "00K"


async def test_a_dormant_practice_operates_and_is_dormant_on_the_day_of_the_file(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods"
    write(folder, "epraccur_2018-06.csv", [practice("A81001", "19740401", "00K", "20130401", status="D")])
    await take(database, folder)
    assert await status(database, "A81001", "2018-06-30") == "open"
    rows = await database.fetch(
        "SELECT t.code, t.sort, t.other, b.valid::text FROM tie t JOIN tie_belief b ON b.subject_id = t.id"
    )
    assert [tuple(row) for row in rows] == [("A81001", "role", "dormant", "[2018-06-30,2018-07-01)")]


async def test_a_ccg_code_that_is_open_after_june_2022_names_a_sub_icb_location(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods"
    write(
        folder,
        "eccg_2025-12.csv",
        [
            body("00L", "NHS NORTH EAST AND NORTH CUMBRIA ICB - 00L", "20130401"),
            body("00C", "NHS DARLINGTON CCG", "20130401", "20200331"),
            body("13Q", "NATIONAL COMMISSIONING HUB 1", "20130401", c13="RO218"),
            body("Z4H8X", "HOUNSLOW", "20240401", c13="RO327"),
        ],
    )
    await take(database, folder)
    assert await believed(database, "00L", Facet.KIND) == [
        ("ccg", "(,2022-07-01)"),
        ("sub_icb_location", "[2022-07-01,)"),
    ]
    assert await believed(database, "00L", Facet.LEGAL) == [("abolished", "[2022-07-01,)")]
    assert await status(database, "00L", "2025-12-31") == "open"
    assert await believed(database, "00C", Facet.LEGAL) == []
    kinds = [await kind(database, code, "2025-12-31") for code in ("00C", "13Q", "Z4H8X")]
    assert kinds == ["ccg", "commissioning_hub", "sub_icb_reporting_entity"]


async def test_a_file_of_a_day_before_the_abolition_says_nothing_of_it(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "ods"
    write(folder, "eccg_2021-04.csv", [body("00L", "NHS NORTHUMBERLAND CCG", "20130401")])
    await take(database, folder)
    assert await kind(database, "00L", "2023-01-01") == "ccg"


SUSSEX = "NHS SUSSEX ICB"


def stps_of_2021(folder: Path) -> None:
    write(
        folder,
        "CCG_to_STP_to_NHSER_April_2021.csv",
        [
            [
                "CCG21CD",
                "CCG21CDH",
                "CCG21NM",
                "STP21CD",
                "STP21CDH",
                "STP21NM",
                "NHSER21CD",
                "NHSER21CDH",
                "NHSER21NM",
            ],
            ["E38000001", "70F", "NHS West Sussex CCG", "E54000064", "QNX", "Sussex", "E40000005", "Y59", "South East"],
        ],
    )


def locations_of(folder: Path, name: str) -> None:
    write(
        folder,
        name,
        [
            body("70F", f"{SUSSEX} - 70F", "20200401", c2="Y59", c3="QNX"),
            body("09G", "NHS COASTAL WEST SUSSEX CCG", "20130401", "20200331", c2="Y59", c3="QNY"),
            body("13Q", "NATIONAL COMMISSIONING HUB 1", "20130401", c2="Y59", c3="QHB", c13="RO218"),
        ],
    )


@pytest.mark.parametrize("first", ["stps", "locations"])
async def test_the_geography_of_an_open_sub_icb_location_is_a_board_since_july_2022(
    database: Database, tmp_path: Path, first: str
) -> None:
    """In either order of the files: an STP's code names the board, established in law, under the name of its day."""
    folders = {"stps": tmp_path / "stps", "locations": tmp_path / "locations"}
    stps_of_2021(folders["stps"])
    locations_of(folders["locations"], "eccg_2025-12.csv")
    for folder in sorted(folders, key=lambda one: one != first):
        await take(database, folders[folder])
    assert await believed(database, "QNX", Facet.KIND) == [("stp", "(,2022-07-01)"), ("icb", "[2022-07-01,)")]
    assert await believed(database, "QNX", Facet.LEGAL) == [("established", "[2022-07-01,)")]
    days = ("2021-04-01", "2022-06-30", "2022-07-01", "2025-12-31")
    assert [await status(database, "QNX", day) for day in days] == ["open"] * 4
    names = [
        (await answers.get_organisation(database, "QNX", as_at=date.fromisoformat(day), as_known=None)).name
        for day in days
    ]
    assert names == ["Sussex", "Sussex", SUSSEX, SUSSEX]
    # Neither the geography of a CCG that had closed nor that of a hub is a board by that.
    assert [await kind(database, code, "2025-12-31") for code in ("QNY", "QHB")] == ["unknown", "unknown"]


async def test_a_board_that_no_other_file_names_opened_on_the_day_of_the_first_order(
    database: Database, tmp_path: Path
) -> None:
    locations_of(tmp_path / "ods", "eccg_2023-03.csv")
    await take(database, tmp_path / "ods")
    assert await believed(database, "QNX", Facet.LIFE) == [("open", "[2022-07-01,)")]
    assert await believed(database, "QNX", Facet.KIND) == [("icb", "[2022-07-01,)")]


async def test_a_board_in_a_file_after_later_orders_is_known_from_the_day_of_the_file(
    database: Database, tmp_path: Path
) -> None:
    locations_of(tmp_path / "ods", "eccg_2026-06-30.csv")
    await import_folder(database, tmp_path / "ods", stated_on=None, today=date(2026, 7, 1), say=lambda _: None)
    assert await believed(database, "QNX", Facet.KIND) == [("icb", "[2026-06-30,)")]
    assert await believed(database, "QNX", Facet.LEGAL) == [("established", "[2026-06-30,)")]


async def test_a_file_of_before_july_2022_makes_no_board(database: Database, tmp_path: Path) -> None:
    stps_of_2021(tmp_path / "ods")
    locations_of(tmp_path / "ods", "eccg_2022-06-30.csv")
    await take(database, tmp_path / "ods")
    assert await kind(database, "QNX", "2023-01-01") == "stp"
