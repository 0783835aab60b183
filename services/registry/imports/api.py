"""Routes that preview the import of a file."""

import csv
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import Query, Request, Response

from libs.common.http import csv_text
from libs.common.http.csv_text import CSV_TOO, AsCsv
from libs.common.http.dependencies import Today, Write, allowed, commands_router, problems
from libs.common.http.problems import Unreadable
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.formats.source_file import NotRecognised, SourceFile, recognised
from services.registry.imports.preview import output
from services.registry.imports.preview.preview import ImportPreview, preview_file
from services.registry.imports.views import (
    BodyPreviewView,
    ImportPreviewView,
    OddView,
    RefusedLineView,
    Verdict,
    VerdictCountView,
)

router = commands_router(tags=["Imports"])

MOST_BODIES = 20_000
MOST_BYTES = 64_000_000
"""The largest size of a compressed file when unpacked, in bytes."""

_UNREADABLE = (
    NotRecognised,
    csv.Error,
    UnicodeDecodeError,
    OverflowError,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors of a file that has bytes that are no text, an impossible day, or a value that the database refuses."""

_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "the file's bytes, compressed by gzip or not",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FileNotReadable(Unreadable):
    """The file cannot be imported.

    It is empty, not text, wrongly compressed, or in none of the formats of the catalogue. `detail` says which.
    """


@router.post(
    "/imports/previews",
    response_model=ImportPreviewView,
    summary="Preview the import of a file",
    responses={200: CSV_TOO, **problems(FileNotReadable)},
    openapi_extra=_A_FILE,
)
async def preview_import(
    request: Request,
    session: Write,
    _: Annotated[Caller, allowed(Role.REGISTRAR, Role.LOADER)],
    today: Today,
    as_csv: AsCsv,
    file: Annotated[
        str,
        Query(
            description="the name of the file, which has its day and for some files shows the format",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$",
            examples=["epraccur_2021-11.csv.gz"],
        ),
    ],
    stated_on: Annotated[WrittenDay | None, Query(description="the day of a file whose name has none")] = None,
    verdict: Annotated[
        list[Verdict] | None, Query(description="only organisations of these verdicts; left out, all but `agrees`")
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=MOST_BODIES, description="the most organisations to return; as CSV all are returned")
    ] = 500,
) -> ImportPreviewView | Response:
    """Run the import, compare what is believed on the day of the file before and after it, and roll back.

    A parent is compared with the parent believed before, or with the successors of that one. It takes as long as the
    import, and imports wait for it: for many large files, `import-ods FOLDER --preview` does the same from a shell.
    """
    with _kept(await request.body(), file) as path:
        try:
            source = recognised(path, FORMS, stated_on=stated_on)
            found = await preview_file(session, source, today=today)
        except _UNREADABLE as error:
            raise FileNotReadable(f"{file}: {error}") from error
    wanted = set(verdict or set(Verdict) - {Verdict.AGREES})
    bodies = [body for body in found.bodies if body.verdict in wanted]
    if as_csv:
        table = csv_text.lines(output.HEADER, output.cells(bodies))
        return Response(table, media_type=csv_text.MEDIA_TYPE)
    return _view(source, found, bodies=[BodyPreviewView.model_validate(body) for body in bodies], limit=limit)


def _view(source: SourceFile, found: ImportPreview, *, bodies: list[BodyPreviewView], limit: int) -> ImportPreviewView:
    return ImportPreviewView(
        file=source.name,
        form=source.form.title,
        stated_on=source.day,
        lines=found.report.lines,
        facts=found.report.events,
        verdicts=[VerdictCountView(verdict=verdict, bodies=count) for verdict, count in found.verdicts.items()],
        compared=len(found.compared),
        as_expected=len(found.compared) - len(found.partings),
        bodies=bodies[:limit],
        bodies_left_out=max(0, len(bodies) - limit),
        not_taken=[RefusedLineView.model_validate(one) for one in found.report.not_taken],
        odd=[OddView.model_validate(one) for one in found.report.findings[:limit]],
        odd_left_out=max(0, len(found.report.findings) - limit),
    )


@contextmanager
def _kept(content: bytes, name: str) -> Iterator[Path]:
    """Store a file's bytes under its name while it is read. Raises FileNotReadable for bytes that are no text."""
    text = _unpacked(content) if name.endswith(".gz") else content
    if not text or b"\x00" in text:
        raise FileNotReadable(f"{name} is empty, or no text")
    with tempfile.TemporaryDirectory(prefix="footprint-import-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def _unpacked(content: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise FileNotReadable(f"it is not compressed by gzip: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise FileNotReadable(f"it is cut off, of several parts, or has more than {MOST_BYTES} bytes when unpacked")
    return text
