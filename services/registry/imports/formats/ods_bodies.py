"""ODS files of organisations, in 27 columns: what each line states."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRoleGiven,
)
from libs.common.rulepacks import in_force
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS
from services.registry.imports.files.source_file import Form, SourceFile, Take
from services.registry.imports.formats import ods_rows
from services.registry.imports.formats.comparison import Comparison
from services.registry.imports.formats.ods_rows import Body, KindOf, board_of_location, bodies_in
from services.registry.imports.report import FileReport

DORMANT = "dormant"
"""The role that a body has on the day on which a file shows it as dormant."""

Regions = dict[str, set[str]]
"""The regions in which lines put each geography."""

_A_DAY = timedelta(days=1)
_COMPARED_AT_ONCE = 20_000
_PRACTICES = {Kind.GP_PRACTICE, Kind.COST_CENTRE}
"""Kinds that belong to a commissioner or to no body, never to the geography, which is the commissioner's."""


def _taking(kind_of: KindOf) -> Take:
    async def take(
        session: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
    ) -> AsyncIterator[Event]:
        """Yield what the lines state.

        Every line is stated, also where it repeats what is known, because a statement of an earlier day may arrive
        later. A body that a file does not name is unchanged: absent is not closed.
        """
        saying = file.saying(stated_at)
        comparison = Comparison(await raw(session), file, stated_at, report)
        regions: Regions = defaultdict(set)
        locations: list[Body] = []
        bodies = bodies_in(file, kind_of, report)
        while some := list(islice(bodies, _COMPARED_AT_ONCE)):
            await comparison.compare(some)
            for body in some:
                for event in (*_life(body, file.day, saying), *_parent(body, file.day, saying)):
                    yield event
                if body.geography and body.region and body.kind not in _PRACTICES:
                    regions[body.geography].add(body.region)
                if body.kind is Kind.CCG:
                    locations.append(body)
        await comparison.end()
        for event in (*_regions(regions, file.day, saying, report), *_boards(locations, file.day, saying)):
            yield event

    return take


def _life(body: Body, file_day: date, saying: dict[str, Any]) -> Iterator[Event]:
    if body.status == "proposed":
        yield OrganisationProposed(
            code=body.code, name=body.name, kind=body.kind, effective_on=body.opened_on, **saying
        )
    else:
        yield OrganisationOpened(
            code=body.code,
            name=body.name,
            kind=body.kind,
            effective_on=body.opened_on,
            # Seen on the day of the file, or on the last day of a body that had closed by then.
            named_on=min(file_day, body.last_day or file_day),
            address=body.address,
            **saying,
        )
    if body.last_day is not None:
        yield OrganisationClosed(code=body.code, effective_on=body.last_day + _A_DAY, **saying)
    if body.status == "dormant":
        yield OrganisationRoleGiven(
            code=body.code, role=DORMANT, effective_on=file_day, until=file_day + _A_DAY, **saying
        )
    if body.kind is Kind.CCG:
        yield from _outlived(body, file_day, saying)


def _outlived(body: Body, file_day: date, saying: dict[str, Any]) -> Iterator[Event]:
    """Yield what a code names since CCGs were abolished, where a file shows it open after that."""
    laws = in_force(PACKS, file_day, subject="ccg-abolition")
    if not laws or (body.last_day is not None and body.last_day < laws[0].effective_from):
        return
    law, day = laws[0], laws[0].effective_from
    yield OrganisationKindChanged(code=body.code, kind=law.values["kind_since"], effective_on=day, **saying)
    yield OrganisationLegalStatusChanged(
        code=body.code, legal_status=law.values["legal_status_since"], effective_on=day, **saying
    )


def _parent(body: Body, file_day: date, saying: dict[str, Any]) -> Iterator[Event]:
    """Yield the parent of a body: of a practice its commissioner since it joined, of others the observed geography.

    For a body that had closed before the file's day, the geography is only that of the file: it was not under it while
    it was open, so nothing is stated about the days before.
    """
    if body.commissioner:
        left = body.left_on + _A_DAY if body.left_on else None
        yield OrganisationParentChanged(
            code=body.code,
            relation="commissioned by",
            parent=body.commissioner,
            effective_on=body.joined_on or file_day,
            until=left if left and left > (body.joined_on or file_day) else None,
            observed=body.joined_on is None,
            **saying,
        )
    elif body.kind not in _PRACTICES:
        for relation, above in _above(body, file_day):
            yield OrganisationParentChanged(
                code=body.code,
                relation=relation,
                parent=above,
                effective_on=file_day,
                observed=body.last_day is None or body.last_day >= file_day,
                **saying,
            )


def _above(body: Body, file_day: date) -> Iterator[tuple[str, str]]:
    """Yield the relation and the body of each column that names one above: what a column means depends on the day."""
    if column := body.geography or body.region:
        yield "part of", column
    if body.geography:
        for meaning in in_force(PACKS, file_day, subject="level-column"):
            yield meaning.values["relation"], body.geography
    if body.region:
        yield "in region", body.region


def _regions(regions: Regions, file_day: date, saying: dict[str, Any], report: FileReport) -> Iterator[Event]:
    """Yield the region of each geography; a body's own follows from it, and two parents would be a contradiction."""
    for code, found in sorted(regions.items()):
        if len(found) > 1:
            report.find("several regions", code, f"lines put it into {', '.join(sorted(found))}: none was stated")
            continue
        region = found.pop()
        for relation in ("part of", "in region"):
            yield OrganisationParentChanged(
                code=code, relation=relation, parent=region, effective_on=file_day, observed=True, **saying
            )


def _boards(bodies: Iterable[Body], file_day: date, saying: dict[str, Any]) -> Iterator[Event]:
    """Yield that the geographies of open sub-ICB locations are integrated care boards, established by the law's day.

    ODS published no file in which an STP becomes a board: its code carries on, and the boards' own names are in those
    of their locations. Only locations that are open count: of a closed CCG the file names today's geography.
    """
    laws = in_force(PACKS, file_day, subject="icb-establishment")
    if not laws:
        return
    law = laws[0]
    day = law.effective_from if file_day <= law.values["only_boards_until"] else file_day
    names: dict[str, str] = {}
    for body in bodies:
        if body.kind is Kind.CCG and body.geography and (body.last_day is None or body.last_day >= file_day):
            names[body.geography] = max(names.get(body.geography, ""), board_of_location(body.name))
    for code, name in sorted(names.items()):
        if name:
            # Under the name of its order from the first day on, and not the STP's up to the file's day. Of unknown
            # kind: a kind that is seen fills the days before as well, on which it was no board.
            yield OrganisationOpened(code=code, name=name, kind=Kind.UNKNOWN, effective_on=day, **saying)
        yield OrganisationKindChanged(code=code, kind=law.values["kind_since"], effective_on=day, **saying)
        yield OrganisationLegalStatusChanged(
            code=code, legal_status=law.values["legal_status_since"], effective_on=day, **saying
        )


def _form(key: str, title: str, kind_of: KindOf) -> Form:
    def fits(name: str, lines: Sequence[list[str]]) -> bool:
        if len(lines[0]) != ods_rows.COLUMNS:
            return False
        if any(name.startswith(other) for other in _NAMED):
            return name.startswith(key)
        return ods_rows.described_by(lines) == key

    return Form(
        key=key,
        title=f"{title} ({key})",
        family=f"ods-{key}",
        by=f"lines of 27 columns, no header; a name that begins with {key}, or most lines being those of {title}",
        fits=fits,
        take=_taking(kind_of),
    )


_NAMED = ("eauth", "etr", "eccg", "epraccur")
"""What the names of these files begin with, as ODS publishes them."""

FORMS = (
    _form("eauth", "regions and local offices", ods_rows.kind_of_authority),
    _form("etr", "trusts", ods_rows.kind_of_trust),
    _form("eccg", "CCGs and hubs", ods_rows.kind_of_ccg_row),
    _form("epraccur", "practices", ods_rows.kind_of_practice),
)
