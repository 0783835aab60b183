"""The command `import-ods FOLDER`; `--preview` changes nothing. Progress goes to stderr, the summary to stdout."""

import argparse
import sys
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from libs.common.process.clock import Clock
from libs.common.service.app import Service
from libs.common.service.settings import DatabaseSettings
from services.registry.imports.files.source_file import Given
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview.output import as_json, as_text, preview_folder
from services.registry.imports.runner import import_folder

_ALL = ""
"""The file of a day that is given for all files."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "folder", type=Path, nargs="?", help="a folder with files of any format that can be imported, or one file"
    )
    parser.add_argument(
        "--stated-at",
        type=_day,
        action="append",
        default=[],
        metavar="[FILE=]DAY",
        help="the day of one file, or of all files whose names give none (eccg_2016-02.csv is as of the last day of "
        "that month); can be repeated",
    )
    parser.add_argument(
        "--form",
        type=_form,
        action="append",
        default=[],
        metavar="FILE=FORM",
        help="the format of a file that is not recognised by its name and its lines; can be repeated",
    )
    parser.add_argument("--forms", action="store_true", help="list the formats, and by what each is recognised")
    parser.add_argument(
        "--json", action="store_true", help="the whole report as JSON, including every line not imported"
    )
    parser.add_argument("--every-line", action="store_true", help="list every line not imported, however many")
    parser.add_argument(
        "--preview",
        action="store_true",
        help="show what each file would change if it were imported now, and import none",
    )


def _day(text: str) -> tuple[str, date]:
    file, _, day = text.rpartition("=")
    return file, date.fromisoformat(day)


def _form(text: str) -> tuple[str, str]:
    file, _, key = text.rpartition("=")
    if not file or key not in {form.key for form in FORMS}:
        raise ValueError(text)
    return file, key


async def import_ods(service: Service, given: argparse.Namespace) -> int:
    """Import or preview files, in the database that DATABASE_URL names.

    Return 0; 1 where there is nothing to import, or a file was not imported because of a fault of the import.
    """
    if given.forms:
        print("\n".join(f"{form.key:<44}{form.title}: {form.by}" for form in FORMS))
        return 0
    if fault := _fault_of(given):
        print(fault, file=sys.stderr)
        return 1
    url = DatabaseSettings.load().database_url
    database = Database(url, application_name=f"footprint-{service.name}-import", pool_size=2)
    await database.open()
    try:
        return await (_preview if given.preview else _import)(database, given)
    finally:
        await database.close()


def _fault_of(given: argparse.Namespace) -> str:
    """Return what is wrong with the place and the files that are named, empty where nothing is."""
    if given.folder is None:
        return "Say which folder, or file, to import"
    if not given.folder.exists():
        return f"{given.folder} is no folder, and no file"
    place = given.folder if given.folder.is_dir() else given.folder.parent
    absent = sorted({file for file, _ in (*given.stated_at, *given.form) if file and not (place / file).is_file()})
    return f"There is no file {', '.join(absent)} in {place}" if absent else ""


async def _import(database: Database, given: argparse.Namespace) -> int:
    days = dict(given.stated_at)
    report = await import_folder(
        database,
        given.folder,
        stated_on=days.pop(_ALL, None),
        today=Clock().today(),
        say=_say,
        given=Given(days, dict(given.form)),
    )
    print(report.as_json() if given.json else report.as_text(every_line=given.every_line))
    return 1 if report.faults else 0


async def _preview(database: Database, given: argparse.Namespace) -> int:
    days = dict(given.stated_at)
    found, others = await preview_folder(
        database,
        given.folder,
        stated_on=days.pop(_ALL, None),
        today=Clock().today(),
        given=Given(days, dict(given.form)),
    )
    print(as_json(found, others) if given.json else as_text(found, others, every_line=given.every_line))
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
