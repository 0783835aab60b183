"""Mergers of CCGs follow from successions in files, whichever file comes first; what contradicts one is a finding."""

from datetime import UTC, date, datetime
from pathlib import Path

from libs.common.database import Database
from services.registry.lineage import lineage_of, resolve
from tests.registry.ods import body, successions, write
from tests.registry.test_imports import TODAY, take


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
        ("no merger", "10C"): "followed 10A, 10B on 2018-04-01: 10C operates since 2013-04-01, "
        "and a merger of CCGs establishes a new body",
        ("no merger", "LAT"): "followed 10D, 10E on 2022-07-01: no law provides for a merger of CCGs on 2022-07-01",
        ("no merger", "NEW"): "followed 10G, 10H on 2018-04-01: 10H is closed on 2018-03-31, "
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
