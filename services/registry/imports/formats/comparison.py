"""Compares a file with what is believed; differences are reported, and the file is recorded as it is."""

from collections.abc import Collection, Iterable
from datetime import datetime

import asyncpg

from libs.common.temporal.believed import ALL_DAYS, NOW, about
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.kinds import Kind
from services.registry.imports.files.source_file import SourceFile
from services.registry.imports.formats.ods_rows import Body
from services.registry.imports.report import FileReport

_BELIEVED = f"""
SELECT o.code, b.facet, b.value, lower(b.valid) AS start
  FROM organisation o JOIN {believed("b", Facet.KIND, Facet.LIFE, day=ALL_DAYS, known=NOW)}
 WHERE o.code = ANY($1) AND ({about("b", Facet.KIND)} OR b.value = 'open')
"""  # noqa: S608  (only names of ours are put in)

_NAMED_BEFORE = f"""
WITH last AS (
    SELECT stated_at, array_agg(subject_id) AS named FROM organisation_statement s
     WHERE {about("s", Facet.LIFE)} AND source LIKE $1 AND stated_at < $2
     GROUP BY stated_at ORDER BY stated_at DESC LIMIT 1)
SELECT code FROM organisation WHERE id IN (SELECT unnest(named) FROM last) ORDER BY code
"""  # noqa: S608  (only names of ours are put in)

_PASSAGES = {
    (Kind.NHS_TRUST, Kind.FOUNDATION_TRUST),
    (Kind.SUB_ICB_LOCATION, Kind.CCG),
}
"""Pairs of the believed kind and a kind that a line may name without a finding."""


class Comparison:
    """A file being compared, some of its bodies at a time."""

    def __init__(
        self, connection: asyncpg.Connection, file: SourceFile, stated_at: datetime, report: FileReport
    ) -> None:
        self._connection, self._file, self._stated_at, self._report = connection, file, stated_at, report
        self._named: set[str] = set()

    async def compare(self, bodies: Collection[Body]) -> None:
        """Report where lines differ from the believed lives and kinds."""
        codes = sorted(body.code for body in bodies)
        self._named.update(codes)
        kinds: dict[str, set[str]] = {}
        opened: dict[str, set[str]] = {}
        for row in await self._connection.fetch(_BELIEVED, codes):
            if row["facet"] == Facet.KIND:
                kinds.setdefault(row["code"], set()).add(row["value"])
            else:
                opened.setdefault(row["code"], set()).add(str(row["start"]))
        for body in bodies:
            _compare_kind(body, kinds.get(body.code, ()), self._report)
            first_days = opened.get(body.code)
            if first_days and str(body.opened_on) not in first_days:
                known_days = ", ".join(sorted(first_days))
                self._report.find(
                    "another first day", body.code, f"line {body.line} says {body.opened_on}, recorded: {known_days}"
                )

    async def end(self) -> None:
        """Report the bodies that the file before this one names, and this one does not."""
        before = await self._connection.fetch(_NAMED_BEFORE, f"{self._file.form.family}:%", self._stated_at)
        for row in before:
            if row["code"] not in self._named:
                words = "the file before this one names it: absent is not closed"
                self._report.find("not named any more", row["code"], words)


def _compare_kind(body: Body, kinds: Iterable[str], report: FileReport) -> None:
    known = set(kinds)
    if known and body.kind not in known and not any((one, body.kind) in _PASSAGES for one in known):
        words = ", ".join(sorted(known))
        report.find("another kind", body.code, f"line {body.line} describes a {body.kind}, recorded: {words}")
