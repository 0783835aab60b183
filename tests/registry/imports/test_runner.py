"""Real file formats, with bodies made up for the case: what is taken, what is not, and why."""

import gzip
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.sight import EVERYTHING
from services.registry.imports.files.days_in_names import day_in
from services.registry.imports.files.source_file import Given, NotRecognised, files_in, recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.report import ImportReport
from services.registry.imports.runner import import_file, import_folder
from services.registry.lineage.queries import lineage_of
from services.registry.mergers.queries import get_merger
from tests.support.databases import Databases, NewDatabase
from tests.support.ods_files import body, practice, successions, write
from tests.support.platform import schema

TODAY = date(2026, 1, 1)


async def take(database: Database, folder: Path, *, stated_on: date | None = None) -> ImportReport:
    return await import_folder(database, folder, stated_on=stated_on, today=TODAY, say=lambda _: None)


async def status(database: Database, code: str, day: str) -> str:
    found = await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)
    return found.status


async def kind(database: Database, code: str, day: str) -> str:
    found = await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)
    return found.kind


async def content(database: Database) -> list[tuple[object, ...]]:
    """Everything believed, and who followed whom, without ids and instants of recording."""
    beliefs = await database.fetch(
        """
        SELECT o.code, b.facet, b.value, b.valid::text, b.known::text
          FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
        UNION ALL SELECT code, 0, successor, concat(effective_on, shape, share, merger, source), known::text
          FROM succession
        UNION ALL SELECT reference, 0, array_to_string(p.predecessors, ' '), concat(m.effective_on, stated_at),
               stated_by
          FROM merger m JOIN merger_plan p ON p.merger_id = m.id
        UNION ALL SELECT t.code, 0, t.sort || t.other, b.valid::text, b.known::text
          FROM tie t JOIN tie_belief b ON b.subject_id = t.id
        ORDER BY 1, 2, 3, 4, 5
        """
    )
    return [tuple(row) for row in beliefs]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three CCGs, of which two merge into a third that ODS opens months before, a hub, a trust, two practices."""
    folder = tmp_path / "ods"
    write(
        folder,
        "eccg_2016-02.csv",
        [
            body("00F", "NHS GATESHEAD CCG", "20130401", "20150331"),
            body("00G", "NHS NEWCASTLE CCG", "20130401", "20150331"),
            body("13T", "NHS NEWCASTLE GATESHEAD CCG", "20141126"),
            body("01H", "NHS CUMBRIA CCG", "20130401"),
            body("13Q", "NATIONAL COMMISSIONING HUB 1", "20130401"),
        ],
    )
    write(folder, "etr_2022-03.csv", [body("R0A", "SOMEWHERE NHS FOUNDATION TRUST", "20171001")])
    write(
        folder,
        "epraccur_2018-06.csv",
        [
            practice("A81001", "19740401", "13T", "20150401"),
            practice("A81002", "19740401", "00F", "20130401", "20140331", "C"),
        ],
    )
    successions(folder, "succ_2022-10.csv", ("00F", "13T", "20150401"), ("00G", "13T", "20150401"))
    return folder


async def test_a_folder_is_taken_whole(database: Database, folder: Path) -> None:
    report = await take(database, folder)
    assert report.not_taken() == []
    assert [(file.file, file.lines, file.new_organisations, file.mergers) for file in report.files] == [
        ("eccg_2016-02.csv", 5, 5, 0),
        ("epraccur_2018-06.csv", 2, 2, 0),
        ("etr_2022-03.csv", 1, 1, 0),
        ("succ_2022-10.csv", 2, 0, 1),
    ]
    assert [await kind(database, code, "2018-01-01") for code in ("13Q", "13T", "R0A", "A81001")] == [
        "commissioning_hub",
        "ccg",
        "foundation_trust",
        "gp_practice",
    ]


async def test_a_close_date_is_the_last_day_open(database: Database, folder: Path) -> None:
    await take(database, folder)
    assert [await status(database, "00F", day) for day in ("2015-03-31", "2015-04-01")] == ["open", "closed"]
    assert [await status(database, "A81002", day) for day in ("2014-03-31", "2014-04-01")] == ["open", "closed"]


async def test_a_successor_that_opens_before_its_predecessors_close_is_proposed_until_then(
    database: Database, folder: Path
) -> None:
    await take(database, folder)
    days = ("2014-11-25", "2014-11-26", "2015-03-31", "2015-04-01")
    assert [await status(database, "13T", day) for day in days] == ["unknown", "proposed", "proposed", "open"]


async def test_successions_of_ccgs_on_one_day_are_a_merger_that_was_carried_out(
    database: Database, folder: Path
) -> None:
    await take(database, folder)
    merger = await get_merger(database, "M-13T", sight=EVERYTHING, as_known=None, today=TODAY)
    assert (merger.status, merger.effective_on, merger.predecessors) == (
        "carried_out",
        date(2015, 4, 1),
        ["00F", "00G"],
    )
    assert merger.successor_name == "NHS NEWCASTLE GATESHEAD CCG"
    assert [plan.status for plan in merger.plans] == ["carried_out"]
    told = await database.fetch("SELECT fields::json ->> 'merger' AS merger FROM outbox WHERE name = 'CCGMerged'")
    assert [row["merger"] for row in told] == ["M-13T"]
    assert (await lineage_of(database, "00F", as_at=TODAY)).resolves_to == ("13T",)


async def test_a_file_in_many_batches_gives_the_same_as_in_one(
    folder: Path, templates: Databases, new_database: NewDatabase
) -> None:
    """Two bodies and the merger of both lie in different batches, of which all but the last wait on disk."""
    found, said = [], []
    for at_once in (1, 3, 50_000):
        database = Database(await new_database(await templates.template_for("registry", schema("registry"))))
        await database.open()
        try:
            files, _ = files_in(folder, FORMS, stated_on=None)
            reports = [await import_file(database, file, today=TODAY, at_once=at_once) for file in files]
            found.append(await content(database))
            said.append([(one.lines, one.events, one.new_organisations, one.mergers) for one in reports])
        finally:
            await database.close()
    assert found[0] == found[1] == found[2]
    assert said[0] == said[1] == said[2]
    assert [row[3] for row in said[0]] == [0, 0, 0, 1]


async def test_importing_twice_changes_nothing(database: Database, folder: Path) -> None:
    await take(database, folder)
    before, told = await content(database), await database.fetch("SELECT id FROM outbox ORDER BY id")
    versions = await database.fetch("SELECT code, version FROM organisation ORDER BY code")
    again = await take(database, folder)
    assert [file.events for file in again.files] == [0, 0, 0, 0]
    assert await content(database) == before
    assert await database.fetch("SELECT id FROM outbox ORDER BY id") == told
    assert await database.fetch("SELECT code, version FROM organisation ORDER BY code") == versions


async def test_files_one_a_call_in_another_order_give_the_same(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    """The successions come before the file of 2025, and the oldest file of all comes last."""
    later = [
        body("13T", "NHS NORTH EAST AND NORTH CUMBRIA ICB - 13T", "20141126"),
        body("01H", "NHS NORTH EAST AND NORTH CUMBRIA ICB - 01H", "20130401"),
        body("00F", "NHS GATESHEAD CCG", "20130401", "20150331"),
        body("00G", "NHS NEWCASTLE CCG", "20130401", "20150331"),
    ]
    write(folder, "eccg_2025-12.csv", later)
    single = tmp_path / "single"
    single.mkdir()
    order = ("eccg_2025-12.csv", "succ_2022-10.csv", "epraccur_2018-06.csv", "etr_2022-03.csv", "eccg_2016-02.csv")
    for name in order:
        shutil.copy(folder / name, single)
        await take(database, single)
        (single / name).unlink()
    days = ("2014-11-26", "2015-03-31", "2015-04-01", "2026-01-01")
    assert [await status(database, "13T", day) for day in days] == ["proposed", "proposed", "open", "open"]
    names = [
        (await answers.get_organisation(database, "13T", as_at=date.fromisoformat(day), as_known=None)).name
        for day in ("2015-04-01", "2025-12-30", "2025-12-31")
    ]
    assert names == ["NHS NEWCASTLE GATESHEAD CCG"] * 2 + ["NHS NORTH EAST AND NORTH CUMBRIA ICB - 13T"]


async def test_a_name_that_was_seen_survives_a_later_renaming_whichever_file_comes_first(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods"
    for name, says in (("eccg_2018-11.csv", "NHS NORTH CUMBRIA CCG"), ("eccg_2016-02.csv", "NHS CUMBRIA CCG")):
        write(folder, name, [body("01H", says, "20130401")])
        await take(database, folder)
        (folder / name).unlink()
    seen = [
        (await answers.get_organisation(database, "01H", as_at=date.fromisoformat(day), as_known=None)).name
        for day in ("2013-04-01", "2018-11-29", "2018-11-30")
    ]
    assert seen == ["NHS CUMBRIA CCG", "NHS CUMBRIA CCG", "NHS NORTH CUMBRIA CCG"]


async def test_what_a_later_file_does_not_name_stays_as_it_was(database: Database, folder: Path) -> None:
    write(folder, "eccg_2018-11.csv", [body("01H", "NHS CUMBRIA CCG", "20130401")])
    await take(database, folder)
    assert await status(database, "13T", "2019-01-01") == "open"
    assert await status(database, "13Q", "2019-01-01") == "open"


async def test_a_practice_has_its_commissioner_since_it_joined(database: Database, folder: Path) -> None:
    write(folder, "epraccur_2021-11.csv", [practice("A81001", "19740401", "84H", "20200401")])
    await take(database, folder)
    parents = [
        (await answers.get_organisation(database, "A81001", as_at=date.fromisoformat(day), as_known=None)).parent
        for day in ("2015-03-31", "2015-04-01", "2020-03-31", "2020-04-01")
    ]
    assert parents == [None, "13T", "13T", "84H"]


async def test_every_line_that_is_not_taken_is_listed_with_the_reason(database: Database, folder: Path) -> None:
    write(
        folder,
        "eccg_2017-01.csv",
        [
            body("00C", "NHS DARLINGTON CCG", "20130401"),
            body("00C", "NHS DARLINGTON CCG", "20130401"),
            body("00-1", "NHS NOWHERE CCG", "20130401"),
            body("00D", "", "20130401"),
            body("00J", "NHS NORTH DURHAM CCG", ""),
            body("00K", "NHS HARTLEPOOL CCG", "20130431"),
            body("00M", "NHS SOUTH TEES CCG", "20130401", "20130331"),
            ["00N", "NHS SOUTH TYNESIDE CCG"],
            body("R0A", "NHS R0A CCG", "20130401"),
        ],
    )
    successions(
        folder,
        "succ_2022-11.csv",
        ("00F", "00F", "20150401"),
        ("99Z", "13T", "20150401"),
        ("99Z", "99Y", "20150401"),
        ("01H", "0ZZ", "20150401"),
        ("01H", "0ZZ", "20150401"),
        ("R0A", "13Q", "20190401"),
    )
    write(folder, "eccg_2099-01.csv", [body("00P", "NHS SUNDERLAND CCG", "20130401")])
    write(folder, "etr.csv", [body("R0B", "ELSEWHERE NHS TRUST", "20130401")])
    (folder / "README.txt").write_text("nothing")
    report = await take(database, folder)
    listed = {(one.file, one.line): one.reason for one in report.not_taken()}
    assert listed == {
        ("README.txt", 0): "its name and its first lines are those of no file that can be imported: --forms lists them",
        ("etr.csv", 0): "its name gives no day: set one with --stated-at etr.csv=2020-01-31",
        ("eccg_2099-01.csv", 0): "2099-01-31 lies in the future: --stated-at eccg_2099-01.csv=DAY sets another day",
        ("eccg_2017-01.csv", 3): "'00-1' is no ODS code",
        ("eccg_2017-01.csv", 4): "it has no name",
        ("eccg_2017-01.csv", 5): "it has no open date",
        ("eccg_2017-01.csv", 6): "its open date '20130431' is no day",
        ("eccg_2017-01.csv", 7): "it closes on 2013-03-31, before it opens on 2013-04-01",
        ("eccg_2017-01.csv", 8): "it has 2 columns, not 27",
    }
    assert {(one.file, one.sort, one.code): one.words for one in report.findings()} == {
        ("eccg_2017-01.csv", "repeated line", "00C"): "line 2 repeats line 1",
        ("eccg_2017-01.csv", "not named any more", "00F"): "the file before this one names it: absent is not closed",
        ("eccg_2017-01.csv", "not named any more", "00G"): "the file before this one names it: absent is not closed",
        ("eccg_2017-01.csv", "not named any more", "01H"): "the file before this one names it: absent is not closed",
        ("eccg_2017-01.csv", "not named any more", "13Q"): "the file before this one names it: absent is not closed",
        ("eccg_2017-01.csv", "not named any more", "13T"): "the file before this one names it: absent is not closed",
        ("etr_2022-03.csv", "another kind", "R0A"): "line 1 describes a foundation_trust, recorded: ccg",
        ("etr_2022-03.csv", "another first day", "R0A"): "line 1 says 2017-10-01, recorded: 2013-04-01",
        ("succ_2022-11.csv", "own successor", "00F"): "by the file it succeeds itself on 2015-04-01",
        ("succ_2022-11.csv", "repeated line", "01H"): "line 5 repeats line 4",
    }
    whole = json.loads(report.as_json())
    assert (len(whole["not_taken"]), len(whole["findings"])) == (len(listed), 10)
    text = report.as_text(every_line=True)
    assert all(reason in text for reason in listed.values())
    assert "etr_2022-03.csv R0A: line 1 describes a foundation_trust, recorded: ccg" in text
    followed = await lineage_of(database, "R0A", as_at=TODAY)
    assert [step.merger for step in followed.after] == [None]


async def test_a_file_of_refused_lines_is_refused_whole_and_the_later_ones_are_imported(
    database: Database, tmp_path: Path
) -> None:
    write(tmp_path, "eccg_2014-01.csv", [body("00C", "NHS DARLINGTON CCG", "20130401"), *([["x"]] * 5_000)])
    write(tmp_path, "eccg_2015-01.csv", [body("00D", "NHS DURHAM CCG", "20130401")])
    packed = b'"' + b"Q" * 100_000 + b'"\n'
    (tmp_path / "eccg_2016-01.csv.gz").write_bytes(gzip.compress(packed * 700))
    report = await take(database, tmp_path)
    whole, packed_too_tightly = (one.reason for one in sorted(report.files_not_taken, key=lambda one: one.file))
    assert whole.startswith("more than 1000 lines cannot be imported, so it was read up to line 1002 only")
    assert "line 2: it has 1 columns, not 27" in whole
    assert "no file that can be imported" in packed_too_tightly
    assert [(file.file, file.lines) for file in report.files] == [("eccg_2015-01.csv", 1)]
    assert (await answers.get_organisation(database, "00D", as_at=TODAY, as_known=None)).name == "NHS DURHAM CCG"
    assert "more than 1000 lines" in report.as_text(every_line=False)


async def test_the_year_9999_is_no_end_and_another_impossible_day_refuses_its_line(
    database: Database, tmp_path: Path
) -> None:
    opened = body("00C", "NHS DARLINGTON CCG", "20130401", "99991231")
    write(
        tmp_path,
        "eccg_2014-01.csv",
        [opened, body("00D", "NHS DURHAM CCG", "99991231"), body("00F", "NHS FAR CCG", "00010101")],
    )
    write(tmp_path, "eccg_2015-01.csv", [body("00G", "NHS LATER CCG", "20130401")])
    report = await take(database, tmp_path)
    assert [(one.line, one.reason) for one in report.not_taken()] == [
        (2, "its open date '99991231' is no day"),
        (3, "its open date '00010101' is no day"),
    ]
    found = await answers.get_organisation(database, "00C", as_at=TODAY, as_known=None)
    assert (found.status, found.last_day) == ("open", None)
    assert [file.file for file in report.files] == ["eccg_2014-01.csv", "eccg_2015-01.csv"]


def test_what_a_file_is_and_its_day(tmp_path: Path) -> None:
    line = [body("00C", "NHS DARLINGTON CCG", "20130401")]
    three = tmp_path / "anything_2022-10.csv.gz"
    three.write_bytes(gzip.compress(b"old_code,new_code,effective_date\n00F,13T,2015-04-01\n"))
    files = {
        write(tmp_path, "eccg_2016-02.csv", line): ("CCGs and hubs (eccg)", date(2016, 2, 29)),
        write(tmp_path, "epraccur_2018-06-15.csv", line): ("practices (epraccur)", date(2018, 6, 15)),
        write(tmp_path, "etr.csv", line): ("trusts (etr)", date(2020, 1, 1)),
        successions(tmp_path, "succarc.csv", ("00F", "13T", "20150401")): (
            "successions, five columns",
            date(2020, 1, 1),
        ),
        three: ("successions, three columns", date(2022, 10, 31)),
    }
    for path, expected in files.items():
        found = recognised(path, FORMS, stated_on=date(2020, 1, 1))
        assert (found.form.title, found.day) == expected, path.name
    assert recognised(three, FORMS, stated_on=None).source == "ods-succession:anything_2022-10.csv.gz"
    with pytest.raises(NotRecognised, match="no file that can be imported"):
        recognised(write(tmp_path, "sites_2016-02.csv", [body("R0A01", "A SITE", "20130401")]), FORMS, stated_on=None)
    broken = tmp_path / "eccg_2016-02.csv.gz"
    broken.write_bytes(b"not gzip")
    with pytest.raises(NotRecognised, match="cannot be read"):
        recognised(broken, FORMS, stated_on=None)
    archive = tmp_path / "eccg.zip"
    archive.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(NotRecognised, match="a zip archive or a workbook"):
        recognised(archive, FORMS, stated_on=None)


def test_a_file_of_27_columns_under_any_name_is_known_by_its_lines(tmp_path: Path) -> None:
    lines = {
        "eccg": [
            body("00C", "NHS DARLINGTON CCG", "20130401"),
            body("13Q", "NATIONAL COMMISSIONING HUB 1", "20130401"),
        ],
        "eccg of today": [body("00L", "NHS NORTH EAST AND NORTH CUMBRIA ICB - 00L", "20130401")],
        "etr": [body("R0A", "SOMEWHERE NHS FOUNDATION TRUST", "20171001"), body("TAD", "A CARE TRUST", "20171001")],
        "epraccur": [practice("A81001", "19740401", "13T", "20150401"), practice("Y03794", "20130401", "13T", "")],
        "eauth": [body("Y54", "NORTH OF ENGLAND COMMISSIONING REGION", "20130401"), body("Q74", "NE", "20130401")],
    }
    for key, rows in lines.items():
        found = recognised(write(tmp_path, "mine.csv", rows), FORMS, stated_on=TODAY)
        assert found.form.key == key.partition(" ")[0]


def test_what_is_given_for_a_file_comes_before_what_its_name_says(tmp_path: Path) -> None:
    path = write(tmp_path, "eccg_2016-02.csv", [body("00C", "NHS DARLINGTON CCG", "20130401")])
    given = Given({path.name: date(2016, 2, 11)}, {path.name: "etr"})
    found = recognised(path, FORMS, stated_on=TODAY, given=given)
    assert (found.form.key, found.day) == ("etr", date(2016, 2, 11))
    with pytest.raises(NotRecognised, match="'none' is no format of a file"):
        recognised(path, FORMS, stated_on=TODAY, given=Given(forms={path.name: "none"}))
    assert len({form.key for form in FORMS}) == len(FORMS)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("eccg_2016-02.csv", date(2016, 2, 29)),
        ("eccg_2016-02-11.csv", date(2016, 2, 11)),
        ("eccg_2016-13.csv", None),
        ("epraccur-20200131.csv", date(2020, 1, 31)),
        ("epraccur_31012020.csv", date(2020, 1, 31)),
        ("epraccur 31.01.2020.csv", date(2020, 1, 31)),
        ("stp-mapping-3-April-2019.csv", date(2019, 4, 3)),
        ("CCG_to_STP_to_NHSER_April_2021.csv", date(2021, 4, 30)),
        ("gp-reg-pat-prac-all-jan-22.csv", date(2022, 1, 31)),
        ("CCG_STP_RefFile_Apr20.csv", date(2020, 4, 30)),
        ("2019_Sept_epcmem.csv", date(2019, 9, 30)),
        ("patient_list_size_2013_04-06.csv.gz", date(2013, 6, 30)),
        ("practice_weighted_population_2023_2024.csv.gz", date(2023, 4, 1)),
        ("allocations-2023-24.csv", date(2023, 4, 1)),
        ("lists_2011-12.csv", date(2011, 12, 31)),
        ("epcmem.csv.gz", None),
        ("LSOA11_CCG21_LAD21.csv", None),
        ("decision_99.csv", None),
    ],
)
def test_the_day_of_a_file_is_in_its_name_in_the_ways_of_publishers(name: str, day: date | None) -> None:
    assert day_in(name) == day
