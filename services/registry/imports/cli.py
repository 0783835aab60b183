"""The command `import-ods FOLDER`; `--preview` changes nothing. Progress goes to stderr, the summary to stdout."""

import argparse
import sys
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from libs.common.process.clock import Clock
from libs.common.service.app import Service
from libs.common.service.settings import DatabaseSettings
from services.registry.imports.preview.output import as_json, as_text, preview_folder
from services.registry.imports.runner import import_folder


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", type=Path, help="a folder with files of any format that can be imported")
    parser.add_argument(
        "--stated-at",
        type=date.fromisoformat,
        metavar="DAY",
        help="the day of the files whose names give none (eccg_2016-02.csv is as of the last day of that month)",
    )
    parser.add_argument(
        "--json", action="store_true", help="the whole report as JSON, including every line not imported"
    )
    parser.add_argument("--every-line", action="store_true", help="list every line not imported, however many")
    parser.add_argument(
        "--preview",
        action="store_true",
        help="show what each file would change if it were imported now, and import none",
    )


async def import_ods(service: Service, given: argparse.Namespace) -> int:
    """Import or preview a folder, in the database that DATABASE_URL names; return 0, or 1 where there is no folder."""
    if not given.folder.is_dir():
        print(f"{given.folder} is no folder", file=sys.stderr)
        return 1
    url = DatabaseSettings.load().database_url
    database = Database(url, application_name=f"footprint-{service.name}-import", pool_size=2)
    await database.open()
    try:
        print(await (_previewed if given.preview else _imported)(database, given))
    finally:
        await database.close()
    return 0


async def _imported(database: Database, given: argparse.Namespace) -> str:
    report = await import_folder(database, given.folder, stated_on=given.stated_at, today=Clock().today(), say=_say)
    return report.as_json() if given.json else report.as_text(every_line=given.every_line)


async def _previewed(database: Database, given: argparse.Namespace) -> str:
    found, others = await preview_folder(database, given.folder, stated_on=given.stated_at, today=Clock().today())
    return as_json(found, others) if given.json else as_text(found, others, every_line=given.every_line)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
