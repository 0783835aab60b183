"""Files as publishers write them: one code twice, any encoding, the last day of the calendar; none ends an import."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.events import Event
from services.registry.core import queries as answers
from services.registry.imports import runner
from services.registry.imports.files.source_file import SourceFile
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.report import FileReport, ImportReport
from services.registry.imports.runner import import_folder
from tests.registry.imports.formats.test_ord_json import days, document
from tests.support.ods_files import body, practice

TODAY = date(2026, 1, 1)
CCG20 = ["CCG20CD", "CCG20CDH", "CCG20NM"]
REGISTER = ["code", "name", "organisation_type", "closure_date", "successor_code"]


async def take(database: Database, folder: Path) -> ImportReport:
    return await import_folder(database, folder, stated_on=None, today=TODAY, say=lambda _: None)


def text_of(*lines: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def named(line: list[str], name: str) -> list[str]:
    return [line[0], name, *line[2:]]


async def believed(database: Database, code: str, day: date = TODAY) -> tuple[str, str | None, str | None]:
    found = await answers.get_organisation(database, code, as_at=day, as_known=None)
    return found.status, found.name, found.parent


CLOSED = named(practice("Z90001", "20130401", "14Y", "20180401", "20190331", "C"), "OLD NAME SURGERY")
OPEN = named(practice("Z90001", "20130401", "14Y", "20180401"), "NEW NAME SURGERY")
TWICE = {
    "27 columns": ("epraccur_2020-01.csv", [], [CLOSED, OPEN], ("open", "NEW NAME SURGERY", "14Y")),
    "27 columns, both open": (
        "eccg_2020-01.csv",
        [],
        [body("Z9Z", "NHS AN EARLIER CCG", "20130401"), body("Z9Z", "NHS A LATER CCG", "20160401")],
        ("open", "NHS A LATER CCG", None),
    ),
    "memberships": (
        "epcmem_2020-01.csv",
        [],
        [
            ["Z90001", "14Y", "W", "20180401", "20190331", "0"],
            ["Z90001", "14Y", "W", "20180401", "", "0"],
        ],
        ("unknown", None, "14Y"),
    ),
    "a list of ONS": (
        "ref_ccg20.csv",
        [CCG20],
        [["E38999999", "Z9Z", "NHS One CCG"], ["E38999999", "Z9Z", "NHS Two CCG"]],
        ("open", "NHS Two CCG", None),
    ),
    "a register": (
        "organisations.csv",
        [REGISTER],
        [["Z9Z", "A Closed Trust", "provider", "2017-03-31", ""], ["Z9Z", "An Open Trust", "provider", "", ""]],
        ("open", "An Open Trust", None),
    ),
}


@pytest.mark.parametrize("case", TWICE)
@pytest.mark.parametrize("turned", [False, True])
async def test_one_code_twice_is_decided_by_what_the_lines_say_and_found(
    database: Database, tmp_path: Path, case: str, turned: bool
) -> None:
    name, header, lines, right = TWICE[case]
    (tmp_path / name).write_text(text_of(*header, *(lines[::-1] if turned else lines)))
    report = await take(database, tmp_path)
    assert await believed(database, lines[0][1] if case == "a list of ONS" else lines[0][0]) == right
    assert [(one.sort, one.code) for one in report.findings()] == [("stated twice", lines[0][0])] or case == (
        "a list of ONS"
    )
    assert [one.sort for one in report.findings()] == ["stated twice"]
    assert report.not_taken() == []


@pytest.mark.parametrize("turned", [False, True])
async def test_one_code_in_two_documents_is_decided_the_same_way(
    database: Database, tmp_path: Path, turned: bool
) -> None:
    closed, since = days("2013-04-01", "2019-03-31"), days("2013-04-01")
    both = [
        document("Z90001", "OLD NAME SURGERY", closed, ("RO177", closed)),
        document("Z90001", "NEW NAME SURGERY", since, ("RO177", since)),
    ]
    (tmp_path / "ord_2020-01.json").write_text(json.dumps(both[::-1] if turned else both))
    report = await take(database, tmp_path)
    assert await believed(database, "Z90001") == ("open", "NEW NAME SURGERY", None)
    assert [(one.sort, one.code) for one in report.findings()] == [("stated twice", "Z90001")]


async def test_a_line_that_repeats_another_is_found_and_taken_once(database: Database, tmp_path: Path) -> None:
    (tmp_path / "epraccur_2020-01.csv").write_text(text_of(OPEN, OPEN))
    (tmp_path / "ref_ccg20.csv").write_text(text_of(CCG20, *[["E38999999", "Z9Z", "NHS One CCG"]] * 2))
    report = await take(database, tmp_path)
    assert [(one.sort, one.code, one.words) for one in report.findings()] == [
        ("repeated line", "Z90001", "line 2 repeats line 1")
    ]
    assert report.not_taken() == []


NAME = "ST MARY’S & CAFÉ SURGERY"
FILES: dict[str, Iterable[list[str]]] = {
    "epraccur_2020-01.csv": [named(practice("Z90003", "20130401", "14Y", "20180401"), NAME)],
    "epcmem_2020-01.csv": [["Z90016", "14Y", "W", "20180401", "", "0"]],
    "succ_2020-01.csv": [["old_code", "new_code", "effective_date"], ["Z90016", "Z90018", "2019-04-01"]],
    "succarc_2020-01.csv": [["Z90017", "Z90018", "R", "20190401", "0"]],
    "organisations_2020-01.csv": [REGISTER, ["Z9Z", NAME, "provider", "", ""]],
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_every_file_is_read_as_utf_8_with_or_without_a_mark_else_as_windows_1252(
    database: Database, tmp_path: Path, encoding: str
) -> None:
    for name, lines in FILES.items():
        (tmp_path / name).write_bytes(text_of(*lines).encode(encoding))
    (tmp_path / "ord_2020-01.json").write_bytes(
        json.dumps(
            document("Z90004", NAME, days("2013-04-01"), ("RO177", days("2013-04-01"))), ensure_ascii=False
        ).encode(encoding)
    )
    report = await take(database, tmp_path)
    assert (report.not_taken(), [one.lines for one in report.files]) == ([], [1] * 6)
    for code in ("Z90003", "Z9Z", "Z90004"):
        assert (await believed(database, code))[1] == NAME
    assert (await believed(database, "Z90016"))[2] == "14Y"
    rows = await database.fetch("SELECT code FROM succession ORDER BY code")
    assert [row["code"] for row in rows] == ["Z90016", "Z90017"]


async def test_a_byte_that_is_no_character_of_either_is_found(database: Database, tmp_path: Path) -> None:
    line = text_of(named(practice("Z90003", "20130401", "14Y", "20180401"), "CAF# SURGERY"))
    (tmp_path / "epraccur_2020-01.csv").write_bytes(line.encode().replace(b"#", b"\xc9 \x81"))
    report = await take(database, tmp_path)
    assert [(one.sort, one.code) for one in report.findings()] == [("unreadable character", "Z90003")]
    assert (await believed(database, "Z90003"))[1] == "CAFÉ � SURGERY"


@pytest.mark.parametrize("far", ["9999-12-31", "9999-01-01", "2999-12-31"])
async def test_a_last_day_beyond_the_calendar_is_no_end_in_every_format(
    database: Database, tmp_path: Path, far: str
) -> None:
    plain = far.replace("-", "")
    files = {
        "eccg_2020-01.csv": [body("Z9C", "NHS Z9C CCG", "20130401", plain), body("Z9D", "NHS Z9D CCG", plain)],
        "epraccur_2020-01.csv": [
            body("Z90001", "Z90001 SURGERY", "20130401", c12="A", c14="Z9C", c15="20180401", c16=plain, c25="4")
        ],
        "epcmem_2020-02.csv": [["Z90002", "Z9C", "W", "20180401", plain, "0"]],
        "organisations_2020-01.csv": [REGISTER, ["Z9Z", "A Trust", "provider", far, ""]],
    }
    for name, lines in files.items():
        (tmp_path / name).write_text(text_of(*lines))
    ends = days("2013-04-01", far)
    (tmp_path / "ord_2020-01.json").write_text(json.dumps(document("Z90004", "Z90004 SURGERY", ends, ("RO177", ends))))
    report = await take(database, tmp_path)
    assert [(one.file, one.line) for one in report.not_taken()] == [("eccg_2020-01.csv", 2)]
    assert [(await believed(database, code))[0] for code in ("Z9C", "Z90001", "Z9Z", "Z90004")] == ["open"] * 4
    assert [(await believed(database, code))[2] for code in ("Z90001", "Z90002")] == ["Z9C"] * 2


async def test_a_line_with_a_value_that_nothing_can_take_is_refused_and_the_rest_is_taken(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "eccg_2020-01.csv").write_text(
        text_of(
            body("Z9C", "NHS " + "x" * 9_000 + " CCG", "20130401"),
            body("Z9D", "NHS Z9D CCG", "20130401", c4="x" * 9_000),
            body("Z9E", "NHS Z9E CCG", "20130401"),
        )
    )
    (tmp_path / "eccg_2020-02.csv").write_text('"' + "x" * 200_000 + '"')
    (tmp_path / "epraccur_2020-03.csv").write_text(text_of(OPEN) + '"Z90009,"' + "x" * 200_000)
    (tmp_path / "eccg_2020-04.csv").write_text(text_of(body("Z9F", "NHS Z9F CCG", "20130401")))
    report = await take(database, tmp_path)
    refused = {(one.file, one.line): one.reason for one in report.not_taken()}
    assert set(refused) == {
        ("eccg_2020-01.csv", 1),
        ("eccg_2020-01.csv", 2),
        ("eccg_2020-02.csv", 0),
        ("epraccur_2020-03.csv", 0),
    }
    assert "line 2" in refused["epraccur_2020-03.csv", 0]
    assert [(await believed(database, code))[0] for code in ("Z9E", "Z9F")] == ["open"] * 2


async def test_a_fault_of_ours_in_one_file_is_reported_with_its_line_and_the_later_files_are_taken(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(
        _session: AsyncSession, file: SourceFile, _stated_at: datetime, report: FileReport
    ) -> AsyncIterator[Event]:
        for _, columns in file.lines():
            report.lines += 1
            if columns:
                raise TypeError("a mistake of ours")
            yield Event(effective_on=file.day, stated_at=datetime.now(UTC))

    forms = [replace(form, take=broken) if form.family == "ods-etr" else form for form in FORMS]
    monkeypatch.setattr(runner, "FORMS", tuple(forms))
    (tmp_path / "etr_2020-01.csv").write_text(text_of(body("R0A", "A NHS TRUST", "20130401")))
    (tmp_path / "eccg_2020-02.csv").write_text(text_of(body("Z9C", "NHS Z9C CCG", "20130401")))
    report = await take(database, tmp_path)
    [fault] = report.files_not_taken
    assert (fault.file, fault.line) == ("etr_2020-01.csv", 1)
    assert "TypeError: a mistake of ours" in fault.reason
    assert report.faults == 1
    assert (await believed(database, "Z9C"))[0] == "open"
