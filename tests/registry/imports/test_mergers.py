"""Mergers of CCGs follow from successions in files, whichever file comes first; what contradicts one is a finding."""

import shutil
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core.sight import EVERYTHING
from services.registry.lineage.queries import lineage_of
from services.registry.mergers.queries import MergerFilter, get_merger, list_mergers
from tests.registry.imports.test_runner import TODAY, content, take
from tests.support.databases import Databases, NewDatabase
from tests.support.lineage import resolve
from tests.support.ods_files import body, successions, write
from tests.support.platform import schema
from tests.support.registry_client import RegistryClient


async def test_four_files_in_any_order_leave_the_same(
    templates: Databases, new_database: NewDatabase, tmp_path: Path
) -> None:
    """Two files of successions tell the merger, its successor opens early, and each body is in some files only."""
    whole = tmp_path / "whole"
    early, late = body("13T", "NHS NG CCG", "20141126"), body("13T", "NHS NENC ICB - 13T", "20141126")
    write(whole, "eccg_2016-02.csv", [early, body("00F", "NHS F CCG", "20130401", "20150331")])
    write(
        whole,
        "eccg_2025-12.csv",
        [late, *(body(code, f"NHS {code} CCG", "20130401", "20150331") for code in ("00F", "00G", "00H"))],
    )
    successions(whole, "succ_2022-09.csv", ("00F", "13T", "20150401"), ("00G", "13T", "20150401"))
    successions(whole, "succ_2022-10.csv", ("00G", "13T", "20150401"), ("00H", "13T", "20150401"))
    found = []
    for number, order in enumerate(permutations(path.name for path in sorted(whole.iterdir()))):
        database = Database(await new_database(await templates.template_for("registry", schema("registry"))))
        await database.open()
        for name in order:
            alone = tmp_path / f"{number} {name}"
            alone.mkdir()
            shutil.copy(whole / name, alone)
            await take(database, alone)
        found.append(await content(database))
        [merger] = await database.fetch("SELECT reference, predecessors, version FROM merger")
        assert (merger["reference"], merger["predecessors"]) == ("M-13T", ["00F", "00G", "00H"])
        known = [
            [step.code for step in (await lineage_of(database, "13T", as_at=TODAY, as_known=at)).before if step.merger]
            for at in (datetime(2022, 10, 1, tzinfo=UTC), datetime(2022, 11, 1, tzinfo=UTC))
        ]
        assert known == [["00F", "00G"], ["00F", "00G", "00H"]]
        for at, predecessors in ((datetime(2022, 10, 1, tzinfo=UTC), known[0]), (None, known[1])):
            found_then = await get_merger(database, "M-13T", sight=EVERYTHING, as_known=at, today=TODAY)
            assert found_then.predecessors == predecessors
            of_00h = await list_mergers(
                database, MergerFilter(code="00H"), today=TODAY, as_known=at, after=None, limit=1
            )
            assert [one.reference for one in of_00h] == (["M-13T"] if "00H" in predecessors else [])
        await database.close()
    assert len(found) == 24
    assert all(one == found[0] for one in found)


async def test_a_file_carries_out_the_merger_that_was_agreed_as_it_happened(
    registry: RegistryClient, tmp_path: Path
) -> None:
    await registry.move_clock("2017-01-01")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    folder = tmp_path / "ods"
    successions(folder, "succ_2018-05.csv", ("10H", "14Y", "20180401"), ("10Y", "14Y", "20180401"))
    report = await take(registry.database, folder)
    assert (report.not_taken(), report.findings()) == ([], [])
    [merger] = (await registry.call("GET", "/mergers", params={"code": "14Y"}))["items"]
    assert (merger["reference"], merger["status"], merger["successor_name"]) == ("M-14Y", "carried_out", "NHS 14Y CCG")
    assert [await registry.status(code, "2018-04-01") for code in ("10H", "10Y", "14Y")] == ["closed", "closed", "open"]
    assert [file.events for file in (await take(registry.database, folder)).files] == [0]


async def test_a_file_that_contradicts_an_agreed_merger_is_stated_and_found(
    registry: RegistryClient, tmp_path: Path
) -> None:
    await registry.move_clock("2017-01-01")
    await registry.open("10H", "10Y", "14X")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    folder = tmp_path / "ods"
    write(folder, "eccg_2017-06.csv", [body("99N", "NHS 99N CCG", "20170401")])
    successions(
        folder,
        "succ_2017-06.csv",
        ("10H", "14Y", "20170401"),
        ("10Y", "14Y", "20170401"),
        ("10Y", "99N", "20170401"),
        ("14X", "99N", "20170401"),
    )
    report = await take(registry.database, folder)
    assert report.not_taken() == []
    assert {(one.sort, one.code): one.words for one in report.findings()} == {
        ("no merger", "14Y"): "succeeded 10H, 10Y on 2017-04-01: M-14Y is agreed for 2018-04-01, of 10H, 10Y",
        (
            "no merger",
            "99N",
        ): "succeeded 10Y, 14X on 2017-04-01: 10Y is part of the merger M-14Y, agreed for 2018-04-01",
    }
    [merger] = (await registry.call("GET", "/mergers"))["items"]
    assert (merger["reference"], merger["status"], merger["effective_on"]) == ("M-14Y", "agreed", "2018-04-01")
    followed = await resolve(registry.database, ["14X"], TODAY)
    assert [code for code, _ in followed["14X"]] == ["99N"]


async def test_a_merger_that_the_registry_or_the_law_contradicts_is_a_finding_and_its_lines_are_stated(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods"
    codes = [f"10{letter}" for letter in "ABCDEFGH"]
    lines = [body(code, f"NHS {code} CCG", "20130401") for code in codes]
    lines[7] = body("10H", "NHS 10H CCG", "20130401", "20160331")
    lines += [body("NEW", "NHS NEW CCG", "20180401"), body("LAT", "NHS LAT ICB - LAT", "20220701")]
    write(folder, "eccg_2019-01.csv", lines)
    successions(
        folder,
        "succ_2022-10.csv",
        ("10A", "10C", "20180401"),
        ("10B", "10C", "20180401"),
        ("10D", "LAT", "20220701"),
        ("10E", "LAT", "20220701"),
        ("10G", "NEW", "20180401"),
        ("10H", "NEW", "20180401"),
        ("10F", "10D", "20190401"),
    )
    report = await take(database, folder)
    assert report.not_taken() == []
    assert {(one.sort, one.code): one.words for one in report.findings()} == {
        ("no merger", "10C"): "succeeded 10A, 10B on 2018-04-01: 10C operates since 2013-04-01, "
        "and a merger of CCGs establishes a new body",
        ("no merger", "LAT"): "succeeded 10D, 10E on 2022-07-01: no law provides for a merger of CCGs on 2022-07-01",
        ("no merger", "NEW"): "succeeded 10G, 10H on 2018-04-01: 10H is closed on 2018-03-31, "
        "its last day before the merger",
    }
    assert await database.fetch("SELECT reference FROM merger") == []
    resolved = await resolve(database, ["10A", "10D", "10H"], TODAY)
    assert {code: [end for end, _ in ends] for code, ends in resolved.items()} == {
        "10A": ["10C"],
        "10D": ["LAT"],
        "10H": ["NEW"],
    }


async def test_a_merger_told_after_one_of_its_successions_gives_that_its_reference(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "ods"
    write(folder, "eccg_2019-01.csv", [body(code, f"NHS {code} CCG", "20130401") for code in ("10H", "10Y")])
    write(folder, "eccg_2019-02.csv", [body("14Y", "NHS 14Y CCG", "20180401")])
    successions(folder, "succ_2022-09.csv", ("10H", "14Y", "20180401"))
    await take(database, folder)
    assert [step.merger for step in (await lineage_of(database, "10H", as_at=TODAY)).after] == [None]
    successions(folder, "succ_2022-10.csv", ("10H", "14Y", "20180401"), ("10Y", "14Y", "20180401"))
    await take(database, folder)
    [step] = (await lineage_of(database, "10H", as_at=TODAY)).after
    assert (step.merger, step.known_from.date()) == ("M-14Y", date(2022, 10, 31))
    before = await lineage_of(database, "10H", as_at=TODAY, as_known=datetime(2022, 10, 1, tzinfo=UTC))
    assert [(step.merger, step.known_from.date()) for step in before.after] == [(None, date(2022, 9, 30))]
