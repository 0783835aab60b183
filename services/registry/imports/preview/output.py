"""Writes previews as text and as JSON, one for each file of a folder against what is believed now."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from libs.common.database.connection import Database
from libs.common.http.csv_text import Cell
from services.registry.imports.files.source_file import NOTHING_GIVEN, Given, SourceFile, files_in
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview.preview import BodyPreview, ImportPreview, NotOnesTurn, preview_file
from services.registry.imports.report import FileRefused, NotTaken
from services.registry.imports.runner import LOOK_AGAIN_SECONDS
from services.registry.imports.views import BodyPreviewView, Verdict

HEADER = ("code", "name", "kind", "verdict", "parting", "joined_on", "expected", "about", "before", "after")

_SHOWN = 20


async def preview_folder(
    database: Database, folder: Path, *, stated_on: date | None, today: date, given: Given = NOTHING_GIVEN
) -> tuple[list[tuple[SourceFile, ImportPreview]], list[NotTaken]]:
    """Return what each file of a folder would change if imported now, and the files that cannot be."""
    files, others = files_in(folder, FORMS, stated_on=stated_on, given=given)
    found = []
    for file in files:
        try:
            found.append((file, await _in_turn(database, file, today)))
        except FileRefused as reason:
            others.append((file.name, str(reason)))
    return found, [NotTaken(name, 0, "", reason) for name, reason in others]


async def _in_turn(database: Database, file: SourceFile, today: date) -> ImportPreview:
    while True:
        try:
            async with database.begin() as session:
                return await preview_file(session, file, today=today)
        except NotOnesTurn:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


def cells(bodies: Iterable[BodyPreviewView]) -> Iterable[Sequence[Cell]]:
    """Yield a row for each difference, and one for a body without any."""
    for body in bodies:
        about = (
            body.code,
            body.name,
            body.kind,
            body.verdict,
            body.parting,
            body.joined_on,
            " ".join(body.expected),
        )
        for difference in body.differences:
            yield (*about, difference.about, difference.before, difference.after)
        if not body.differences:
            yield (*about, None, None, None)


def as_json(found: Iterable[tuple[SourceFile, ImportPreview]], others: Iterable[NotTaken]) -> str:
    """Return previews as JSON, bodies that agree left out."""
    whole = {
        "files": [
            {
                **summary(preview),
                "bodies": [_body(body) for body in preview.bodies if body.verdict is not Verdict.AGREES],
                "not_taken": [asdict(one) for one in preview.report.not_taken],
            }
            for _, preview in found
        ],
        "files_not_taken": [asdict(one) for one in others],
    }
    return json.dumps(whole, indent=1, default=str)


def _body(body: BodyPreview) -> dict[str, Any]:
    return {**asdict(body), "differences": [one.model_dump() for one in body.differences]}


def summary(preview: ImportPreview) -> dict[str, Any]:
    """Return a preview's counts."""
    return {
        "file": preview.report.file,
        "form": preview.report.form,
        "stated_on": preview.report.stated_on,
        "lines": preview.report.lines,
        "facts": preview.report.events,
        "verdicts": preview.verdicts,
        "compared": len(preview.compared),
        "as_expected": len(preview.compared) - len(preview.partings),
    }


def as_text(found: Iterable[tuple[SourceFile, ImportPreview]], others: Iterable[NotTaken], *, every_line: bool) -> str:
    """Return previews as text; without `every_line` long lists are cut short."""
    lines: list[str] = []
    for file, preview in found:
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in preview.verdicts.items())
        lines += ["", f"{file.name}, as of {file.day}: {preview.report.lines} lines, {verdicts}"]
        lines.append(
            f"  {len(preview.compared)} bodies operate under a CCG in both: {len(preview.partings)} of them are not "
            "where the successions would have them"
        )
        lines += [f"  {_parted(body)}" for body in preview.partings]
        told = {body.code for body in preview.partings}
        changing = [body for body in preview.bodies if body.verdict is not Verdict.AGREES and body.code not in told]
        shown = changing if every_line else changing[:_SHOWN]
        lines += [f"  {body.code} {body.verdict}: {_words(body)}" for body in shown]
        if len(shown) < len(changing):
            lines.append(f"  ... and {len(changing) - len(shown)} more: --every-line or --json lists them all")
        lines += [f"  not taken: line {one.line} {one.code}: {one.reason}" for one in preview.report.not_taken]
    lines += [f"{one.file}: {one.reason}" for one in others]
    return "\n".join(lines)


def _parted(body: BodyPreview) -> str:
    there = next((one.after for one in body.differences if one.about == "parent"), "")
    return f"{body.code} {body.parting}: expected in {', '.join(body.expected)}, is in {there} since {body.joined_on}"


def _words(body: BodyPreview) -> str:
    return "; ".join(f"{one.about} {one.before or '-'} -> {one.after or '-'}" for one in body.differences)
