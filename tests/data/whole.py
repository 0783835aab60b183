"""A registry that took every public file that it can, once a session; tests of this folder read it."""

import csv
import gzip
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import Database
from services.registry.imports.files.source_file import files_in
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview.preview import ImportPreview, preview_file
from services.registry.imports.report import FileReport
from services.registry.imports.runner import import_file
from services.registry.tables import METADATA
from tests.support.databases import Databases

TODAY = date(2026, 1, 1)
NOVEMBER = "epraccur_2021-11.csv.gz"

_FILES = (
    "ods-eccg/*.csv",
    "ods-etr/*.csv",
    "ods-eauth/*.csv",
    "ods-epraccur-series/*.csv.gz",
    "ods-succession/ods_successions_2022-10.csv.gz",
    "ons-lookups/*.csv",
    "ons-lookups/*.csv.gz",
    "nhse-ccg-stp-reffile-apr2020/*.csv",
    "stp-partner-mapping-2019-04/*.csv",
    "nhsi-organisations-2018/*.csv",
    "csu-list/*.csv",
    "gp-weighted-populations/ccg_population_mid2019_135ccgs.csv",
    "gp-weighted-populations/gp-reg-pat-prac-map_2022-01.csv.gz",
)
_DATED = {
    "ods-epcmem-2019-10/epcmem.csv.gz": "epcmem_2019-10.csv.gz",
    "gp-weighted-populations/patient_list_size_2013_04-06.csv.gz": "patient_list_size_2013-06.csv.gz",
    "gp-weighted-populations/practice_weighted_population_2023_2024.csv.gz": "practice_weighted_2023-04-01.csv.gz",
}
"""Files whose names say no day in the way in which an import reads it, and the names under which they say theirs."""


@dataclass
class Whole:
    """What came of it. `november` is what the last practice file would have changed, told before it was taken."""

    reports: dict[str, FileReport] = field(default_factory=dict)
    november: ImportPreview | None = None
    template: str = ""
    name: str = ""


def gathered(shared: Path, folder: Path) -> Path:
    """Put the files into one folder, as somebody would who imports them."""
    for pattern in _FILES:
        for path in sorted(shared.glob(pattern)):
            shutil.copy(path, folder)
    for undated, name in _DATED.items():
        shutil.copy(shared / undated, folder / name)
    return folder


async def _take(database: Database, folder: Path, whole: Whole) -> None:
    files, _ = files_in(folder, FORMS, stated_on=None)
    # The successions of 2022 are taken first: they are what January is carried forward by.
    files.sort(key=lambda file: (file.name == NOVEMBER, not file.name.startswith("ods_successions")))
    for file in files:
        if file.name == NOVEMBER:
            async with database.begin() as session:
                whole.november = await preview_file(session, file, today=TODAY)
        whole.reports[file.name] = await import_file(database, file, today=TODAY)


async def take_all(templates: Databases, folder: Path) -> Whole:
    """Take every file into one database, oldest first; of November 2021's practices, tell first what would change."""
    whole = Whole()

    async def build(url: str) -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        await engine.dispose()
        database = Database(url)
        await database.open()
        try:
            await _take(database, folder, whole)
        finally:
            await database.close()

    whole.template = await templates.template_for("registry_whole", build)
    whole.name = await templates.create(whole.template)
    return whole


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a published table with a header."""
    return list(csv.DictReader(io.StringIO(_text(path))))


def lines(path: Path) -> Iterator[list[str]]:
    """The lines of an ODS file without one."""
    for line in csv.reader(io.StringIO(_text(path))):
        yield [column.strip() for column in line]


def _text(path: Path) -> str:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")
