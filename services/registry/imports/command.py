"""`import-ods FOLDER`: progress on stderr, the summary on stdout."""

import argparse
import sys
from datetime import date
from pathlib import Path

from libs.common.clock import Clock
from libs.common.database import Database
from libs.common.service import Service
from libs.common.settings import DatabaseSettings
from services.registry.imports.taking import import_folder


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", type=Path, help="a folder with eccg, etr, eauth, epraccur and succession files")
    parser.add_argument(
        "--stated-at",
        type=date.fromisoformat,
        metavar="DAY",
        help="the day of the files whose names say none (eccg_2016-02.csv is as of the last day of that month)",
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON, every line not taken included")
    parser.add_argument("--every-line", action="store_true", help="list every line not taken, however many")


async def import_ods(service: Service, given: argparse.Namespace) -> int:
    """Import a folder into the database that DATABASE_URL names; return 0, or 1 where there is no such folder."""
    if not given.folder.is_dir():
        print(f"{given.folder} is no folder", file=sys.stderr)
        return 1
    url = DatabaseSettings.load().database_url
    database = Database(url, application_name=f"footprint-{service.name}-import", pool_size=2)
    await database.open()
    try:
        report = await import_folder(database, given.folder, stated_on=given.stated_at, today=Clock().today(), say=_say)
    finally:
        await database.close()
    print(report.as_json() if given.json else report.as_text(every_line=given.every_line))
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
