"""What a file would change, before it is taken; and findings, over HTTP."""

import csv
import gzip
import io
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.identity import Role
from services.registry.app import SERVICE
from services.registry.imports import cli
from services.registry.imports.files.source_file import recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview.output import as_json, as_text, preview_folder
from services.registry.imports.runner import import_file
from tests.support.ods_files import body, practice, successions, write
from tests.support.registry_client import RegistryClient
from tests.support.waiting import until

TODAY = date(2026, 1, 1)
COUNTS = "SELECT (SELECT count(*) FROM organisation_statement), (SELECT count(*) FROM organisation)"

FEWER = [practice("A81002", "19740401", "00M", "20200301")]

LATER = [
    practice("A81001", "19740401", "16C", "20200401"),
    practice("A81002", "19740401", "00M", "20200301"),
    practice("A81003", "19740401", "00M", "20130401"),
    practice("A81004", "19740401", "00K", "20130401", closed="20200131"),
    practice("A81005", "20200601", "16C", "20200601"),
    practice("A81006", "19740401", "16C", "20200401", status="D"),
    practice("A81007", "19740401", "00M", "20200215"),
]


@pytest.fixture
async def january(registry: RegistryClient, tmp_path: Path) -> Path:
    """Practices as in January, and the merger of their CCG in April; the folder has the file that came later."""
    write(
        tmp_path,
        "eccg_2020-05.csv",
        [
            body("00K", "NHS HARTLEPOOL CCG", "20130401", "20200331"),
            body("00C", "NHS DARLINGTON CCG", "20130401", "20200331"),
            body("00M", "NHS SOUTH TEES CCG", "20130401"),
            body("16C", "NHS TEES VALLEY CCG", "20200401"),
        ],
    )
    write(
        tmp_path,
        "epraccur_2020-01.csv",
        [practice(f"A8100{number}", "19740401", "00K", "20130401") for number in (1, 2, 3, 4, 6, 7)],
    )
    successions(tmp_path, "succ_2020-06.csv", ("00K", "16C", "20200401"), ("00C", "16C", "20200401"))
    for name in ("eccg_2020-05.csv", "epraccur_2020-01.csv", "succ_2020-06.csv"):
        await import_file(registry.database, recognised(tmp_path / name, FORMS, stated_on=None), today=TODAY)
    write(tmp_path / "later", "epraccur_2020-09.csv", LATER)
    return tmp_path / "later"


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def ask(registry: RegistryClient, path: Path, **params: Any) -> str:
    """Ask for a preview, and return the path under which it is read."""
    answer = await registry.send(
        "POST",
        "/imports/previews",
        params={"file": path.name, **params},
        content=content_of(path),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/imports/previews/{answer.json()['reference']}"
    assert answer.json()["state"] in {"waiting", "running"}
    return str(answer.headers["Location"]).removeprefix("/v1")


async def ended(registry: RegistryClient, where: str, state: str = "done") -> dict[str, Any]:
    """Wait until a preview has ended, and return it."""

    async def is_over() -> bool:
        found = await registry.call("GET", where)
        return found["state"] not in {"waiting", "running"}

    await until(is_over, within=60)
    found: dict[str, Any] = await registry.call("GET", where)
    assert found["state"] == state, found
    return found


async def preview(registry: RegistryClient, path: Path, **params: Any) -> Any:
    """The result of a preview, with its lists."""
    where = await ask(registry, path)
    result = (await ended(registry, where))["result"]
    bodies = await registry.call("GET", f"{where}/bodies", params={"limit": 500, **params})
    odd = await registry.call("GET", f"{where}/findings", params={"limit": 500})
    refused = await registry.call("GET", f"{where}/refused-lines", params={"limit": 500})
    assert (len(odd["items"]), len(refused["items"])) == (result["odd"], result["not_taken"])
    return {**result, "bodies": bodies["items"], "findings": odd["items"], "next": bodies["next"]}


async def test_a_preview_says_what_each_body_would_become_and_changes_nothing(
    registry: RegistryClient, january: Path
) -> None:
    before = await registry.database.fetch(COUNTS)
    found = await preview(
        registry, january / "epraccur_2020-09.csv", verdict=["added", "closed", "agrees", "contradicts"]
    )
    assert await registry.database.fetch(COUNTS) == before
    assert (found["form"], found["stated_on"], found["lines"]) == ("practices (epraccur)", "2020-09-30", 7)
    shown = {
        one["code"]: (one["verdict"], one["parting"], one["joined_on"], one["expected"]) for one in found["bodies"]
    }
    assert shown == {
        "A81001": ("agrees", None, "2020-04-01", ["16C"]),
        "A81002": ("contradicts", "move", "2020-03-01", ["16C"]),
        "A81003": ("contradicts", "restatement", "2013-04-01", ["16C"]),
        "A81004": ("closed", None, "2013-04-01", ["16C"]),
        "A81005": ("added", None, "2020-06-01", []),
        "A81007": ("contradicts", "move", "2020-02-15", ["16C"]),
    }
    assert (found["compared"], found["as_expected"]) == (4, 1)
    counted = {one["verdict"]: one["bodies"] for one in found["verdicts"]}
    assert counted == {"added": 1, "changed": 1, "closed": 1, "agrees": 1, "contradicts": 3}
    [moved] = [one for one in found["bodies"] if one["code"] == "A81002"]
    assert {"about": "parent", "before": "16C", "after": "00M"} in moved["differences"]


async def test_without_a_verdict_only_what_would_change_is_shown_in_pages(
    registry: RegistryClient, january: Path
) -> None:
    path = january / "epraccur_2020-09.csv"
    found = await preview(registry, path)
    assert [one["code"] for one in found["bodies"]] == ["A81002", "A81003", "A81004", "A81005", "A81006", "A81007"]
    [dormant] = [one for one in found["bodies"] if one["code"] == "A81006"]
    assert dormant["differences"] == [{"about": "dormant", "before": "false", "after": "true"}]
    assert (found["odd"], found["findings"]) == (0, [])
    where = await ask(registry, path)
    await ended(registry, where)
    first = await registry.call("GET", f"{where}/bodies", params={"limit": 4})
    second = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["code"] for one in first["items"] + second["items"]] == [one["code"] for one in found["bodies"]]
    assert second["next"] is None


async def test_bodies_that_a_file_names_no_more_are_told_as_odd_and_stay(
    registry: RegistryClient, january: Path
) -> None:
    found = await preview(registry, write(january, "epraccur_2020-10.csv", FEWER))
    assert [(one["sort"], one["code"]) for one in found["findings"]] == [
        ("not named any more", f"A8100{number}") for number in (1, 3, 4, 6, 7)
    ]
    assert {one["verdict"]: one["bodies"] for one in found["verdicts"]}["closed"] == 0


async def test_a_preview_as_csv_has_a_row_for_each_difference(registry: RegistryClient, january: Path) -> None:
    path = january / "epraccur_2020-09.csv"
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    where = await ask(registry, packed)
    await ended(registry, where)
    answer = await registry.send("GET", f"{where}/bodies", params={"format": "csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    parents = {row["code"]: (row["parting"], row["before"], row["after"]) for row in table if row["about"] == "parent"}
    assert parents["A81002"] == ("move", "16C", "00M")
    assert parents["A81003"] == ("restatement", "16C", "00M")


async def test_a_preview_is_its_callers_alone_and_can_be_withdrawn(registry: RegistryClient, january: Path) -> None:
    where = await ask(registry, january / "epraccur_2020-09.csv")
    await ended(registry, where)
    another = registry.tokens.header(Role.REGISTRAR, subject="another")
    for path in (where, f"{where}/bodies", f"{where}/findings", f"{where}/refused-lines"):
        await registry.call("GET", path, headers=another, expect=404)
    await registry.call("DELETE", where, headers=another, expect=404)
    assert (await registry.send("DELETE", where)).status_code == 204
    await registry.call("GET", where, expect=404)
    left = "SELECT (SELECT count(*) FROM import_upload) + (SELECT count(*) FROM import_preview_row) AS left"
    assert [row["left"] for row in await registry.database.fetch(left)] == [0]


async def test_the_day_and_the_format_of_a_file_can_be_given(registry: RegistryClient, tmp_path: Path) -> None:
    path = write(tmp_path, "mine.csv", [body("00C", "DARLINGTON", "20130401")])
    found = await ended(registry, await ask(registry, path, form="eccg", stated_on="2016-02-11"))
    assert (found["result"]["form"], found["result"]["stated_on"]) == ("CCGs and hubs (eccg)", "2016-02-11")
    forms = (await registry.call("GET", "/imports/forms"))["forms"]
    assert {"eccg", "epraccur", "epcmem", "succ", "ord"} <= {form["key"] for form in forms}
    assert all(form["by"] for form in forms)


async def test_what_was_previewed_is_what_the_import_then_does(registry: RegistryClient, january: Path) -> None:
    path = january / "epraccur_2020-09.csv"
    facts = (await preview(registry, path))["facts"]
    report = await import_file(registry.database, recognised(path, FORMS, stated_on=None), today=TODAY)
    assert report.events == facts
    assert (await registry.ask("A81002", "2020-09-30"))["parent"] == "00M"
    again = await preview(registry, path)
    assert (again["facts"], again["bodies"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("practices.csv", b"one,two\n", "no file that can be imported"),
        ("epraccur.csv", b'"A"' + b',""' * 26 + b"\n", "its name gives no day"),
        ("epraccur_2020-09.csv.gz", b"not packed", "not compressed by gzip"),
        ("epraccur_2020-09.csv", b"", "empty"),
        ("epraccur_2020-09.csv", b"A\x00B", "no text"),
    ],
)
async def test_what_is_no_file_to_import_is_refused(
    registry: RegistryClient, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    found = await ended(registry, await ask(registry, tmp_path / name), "refused")
    assert words in found["reason"]
    assert found["result"] is None


async def test_a_reader_may_not_preview_and_a_name_is_no_path(registry: RegistryClient) -> None:
    await registry.call("POST", "/imports/previews", Role.PARTNER, params={"file": "a.csv"}, expect=403)
    answer = await registry.send("POST", "/imports/previews", params={"file": "../epraccur_2020-09.csv"}, content=b"x")
    assert answer.status_code == 422


async def test_a_folder_is_previewed_for_people_and_as_json(registry: RegistryClient, january: Path) -> None:
    (january / "notes.txt").write_text("nothing")
    found, others = await preview_folder(registry.database, january, stated_on=None, today=TODAY)
    text = as_text(found, others, every_line=True)
    assert "A81002 move: expected in 16C, is in 00M since 2020-03-01" in text
    assert "4 bodies operate under a CCG in both: 3 of them are not where the successions would have them" in text
    assert "notes.txt: " in text
    assert '"parting": "restatement"' in as_json(found, others)


async def test_findings_are_counted_listed_and_paged(registry: RegistryClient, january: Path) -> None:
    await import_file(
        registry.database, recognised(january / "epraccur_2020-09.csv", FORMS, stated_on=None), today=TODAY
    )
    counts = await registry.call("GET", "/findings/counts", Role.PARTNER)
    by_sort = {one["sort"]: one["findings"] for one in counts["sorts"]}
    assert by_sort["moved_without_succession"] == 2
    assert all(one["meaning"].endswith(".") for one in counts["sorts"])
    first = await registry.call("GET", "/findings", params={"sort": "moved_without_succession", "limit": "1"})
    second = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["code"] for one in first["items"] + second["items"]] == ["A81002", "A81007"]
    assert second["next"] is None
    one = await registry.call("GET", "/findings", params={"sort": "moved_without_succession", "code": "A81007"})
    assert [item["other"] for item in one["items"]] == ["00M"]
    known = {"sort": "moved_without_succession", "as_known": "2020-06-30T00:00:00Z"}
    assert (await registry.call("GET", "/findings", params=known))["items"] == []
    wrong = await registry.send("GET", "/findings", params={"sort": "moved_without_succession", "after": "eyJ9"})
    assert wrong.status_code == 400


async def test_the_command_previews_a_folder_and_takes_nothing(
    registry: RegistryClient,
    january: Path,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    before = await registry.database.fetch(COUNTS)
    parser = ArgumentParser()
    cli.arguments(parser)
    assert await cli.import_ods(SERVICE, parser.parse_args([str(january), "--preview"])) == 0
    assert "A81003 restatement: expected in 16C, is in 00M since 2013-04-01" in capsys.readouterr().out
    assert await registry.database.fetch(COUNTS) == before


async def test_a_practice_that_moved_and_then_closed_shows_both(registry: RegistryClient, january: Path) -> None:
    """T13: its parent on its last day is compared, and not that of the file's day, on which it has none."""
    moved = practice("A81002", "19740401", "00M", "20200501", closed="20200831")
    found = await preview(registry, write(january, "epraccur_2020-10.csv", [moved]))
    [one] = [one for one in found["bodies"] if one["code"] == "A81002"]
    changes = {change["about"]: (change["before"], change["after"]) for change in one["differences"]}
    assert (changes["status"], changes["parent"]) == (("open", "closed"), ("16C", "00M"))
