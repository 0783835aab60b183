"""`python -m services.registry import-ods`, as an operator calls it."""

import asyncio
import json
from pathlib import Path

from libs.common.database.connection import Database
from tests.support import programs
from tests.support.ods_files import body, successions, write


async def run(url: str, *arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(programs.run, "services.registry", "import-ods", *arguments, DATABASE_URL=url)
    return done.returncode, done.stdout, done.stderr


async def test_a_folder_is_imported_with_progress_a_summary_and_what_was_not_taken(
    url: str, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods files"
    write(folder, "eccg_2016-02.csv", [body("00C", "NHS DARLINGTON CCG", "20130401"), body("00D", "", "20130401")])
    successions(folder, "succ.csv", ("00C", "99Z", "20200401"))
    code, told, progress = await run(url, str(folder))
    assert code == 0
    assert "1/1 eccg_2016-02.csv: CCGs and hubs (eccg), as of 2016-02-29" in progress
    assert "2 not taken:" in told
    assert "eccg_2016-02.csv:2 00D: it has no name" in told
    assert "succ.csv: its name gives no day: set one with --stated-at" in told
    rows = await database.fetch("SELECT actor, operation FROM write_record")
    assert [tuple(row) for row in rows] == [("command:import-ods", "import of eccg_2016-02.csv")]

    code, told, _ = await run(url, str(folder), "--stated-at", "2022-10-31", "--json")
    report = json.loads(told)
    assert [(one["file"], one["events"]) for one in report["files"]] == [("eccg_2016-02.csv", 0), ("succ.csv", 1)]
    assert {(one["file"], one["line"]) for one in report["not_taken"]} == {("eccg_2016-02.csv", 2)}


async def test_each_file_can_be_given_its_day_and_its_format(url: str, tmp_path: Path) -> None:
    write(tmp_path, "mine.csv", [body("00C", "DARLINGTON", "20130401")])
    successions(tmp_path, "succ.csv", ("00C", "99Z", "20200401"))
    given = ("--stated-at", "mine.csv=2016-02-11", "--stated-at", "succ.csv=2022-10-31", "--form", "mine.csv=eccg")
    code, told, _ = await run(url, str(tmp_path), *given, "--json")
    assert code == 0
    assert [(one["file"], one["form"], one["stated_on"]) for one in json.loads(told)["files"]] == [
        ("mine.csv", "CCGs and hubs (eccg)", "2016-02-11"),
        ("succ.csv", "successions, five columns", "2022-10-31"),
    ]
    code, _, fault = await run(url, str(tmp_path), "--stated-at", "absent.csv=2016-02-11")
    assert (code, "There is no file absent.csv" in fault) == (1, True)
    code, told, _ = await run(url, "--forms")
    assert (code, told.startswith("eauth ")) == (0, True)


async def test_a_folder_that_is_not_there_is_refused(url: str, tmp_path: Path) -> None:
    code, _, progress = await run(url, str(tmp_path / "nowhere"))
    assert (code, "is no folder" in progress) == (1, True)
