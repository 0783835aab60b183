"""`python -m services.registry restate`, as an analyst calls it."""

import asyncio
import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from libs.common.database.connection import Database
from libs.common.events.registry import OrganisationSucceeded
from services.registry.core import recording
from tests.support.programs import run


async def restate(url: str, *arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(run, "services.registry", "restate", *arguments, DATABASE_URL=url)
    return done.returncode, done.stdout, done.stderr


async def split(database: Database) -> None:
    """Z9A in two halves."""
    said = {"effective_on": date(2019, 4, 1), "stated_at": datetime(2022, 1, 1, tzinfo=UTC), "shape": "split"}
    halves = [OrganisationSucceeded(code="Z9A", successor=one, share="1/2", **said) for one in ("Z9B", "Z9C")]
    async with database.begin() as session:
        await recording.record(session, halves, source="ods-succession:test", by="test")


async def test_a_table_is_restated_line_by_line_with_progress_and_sums(
    url: str, database: Database, tmp_path: Path
) -> None:
    await split(database)
    table, out = tmp_path / "payments.csv", tmp_path / "restated.csv"
    lines = "".join(f"{number},Z9A,0.01,2018-0{number % 9 + 1}-01\r\n" for number in range(60_001))
    table.write_text(f"\ufeffVoucher,Code,Amount,Day\r\n{lines}x,ZZZ,-2.50,\r\n", encoding="utf-8")
    days = ("--from-day", "2018-06-01", "--to-day", "2020-06-01")
    code, _, progress = await restate(url, str(table), *days, "--out", str(out))
    assert (code, progress.splitlines()[-1]) == (0, "in 597.51, carried 600.01, not carried -2.50")
    assert "50000 lines" in progress
    with out.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    sums = {one: sum(Decimal(row["amount"]) for row in rows if row["to_code"] == one) for one in ("Z9B", "Z9C", "")}
    assert sums == {"Z9B": Decimal("300.01"), "Z9C": Decimal("300.00"), "": Decimal("-2.50")}
    assert (rows[-1]["line"], rows[-1]["reason"]) == ("60002", "unknown-code")


async def test_a_table_with_an_unreadable_line_is_refused_before_anything_is_written(url: str, tmp_path: Path) -> None:
    table, out = tmp_path / "payments.csv", tmp_path / "restated.csv"
    table.write_text("code,amount\r\n07P,1\r\n07P,1e5\r\n", encoding="utf-8")
    days = ("--from-day", "2018-06-01", "--to-day", "2020-06-01")
    code, _, refused = await restate(url, str(table), *days, "--out", str(out))
    assert (code, "line 3" in refused, out.exists()) == (1, True, False)
    code, _, refused = await restate(url, str(tmp_path / "nowhere.csv"), *days)
    assert (code, "is no file" in refused) == (1, True)
