"""Reads organisations of ODS's ORD API (2-0-0, JSON): roles, relationships and successions, with their dates.

A file has one document, or an array of them. Each `Date` has a type: `Operational` and `Legal` dates are recorded
separately. A body operates from the later of its two first days; from the earlier one it is proposed.
"""

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, cast

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRelated,
    OrganisationRoleGiven,
    OrganisationSucceeded,
)
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.fhir.codes import kinds_in_ods, roles_of
from services.registry.imports.files.json_values import values_in
from services.registry.imports.files.repeats import decided, later_end, repeated
from services.registry.imports.files.source_file import Form, SourceFile
from services.registry.imports.files.values import Unusable, code_of, iso_day, iso_last_day, name_of, note_unreadable
from services.registry.imports.report import FileReport

_PRACTICE_ROLE, _NETWORK_ROLE = "RO177", "RO272"
_ROLE = re.compile(r"RO\d{1,4}")
_A_DAY = timedelta(days=1)
_SUB_DIVISION, _COMMISSIONED, _GEOGRAPHY, PARTNER = "RE2", "RE4", "RE5", "RE8"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TypedDays:
    """Days of one type: the first one, and the first one without it."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class DatedRole:
    """A role that a body has on some days."""

    role: str
    start: date
    end: date | None


async def _take(_: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport) -> AsyncIterator[Event]:
    for _code, events in read(file, stated_at, report):
        for event in events:
            yield event


def read(file: SourceFile, stated_at: datetime, report: FileReport) -> Iterator[tuple[str, list[Event]]]:
    """Yield what each document states. Its number in the file counts as its line; a faulty one is refused whole.

    Of several documents with one code, those that differ come last: the one that shows it open is taken, or else the
    one that ends or begins later.
    """
    again = repeated(_code(document) for _, document in _documents(file) if document is not None)
    several: dict[str, list[tuple[int, _Read]]] = defaultdict(list)
    for number, document in _documents(file):
        report.lines += 1
        if document is None:
            report.refuse(number, "", "it has no Organisation")
            continue
        code = _code(document)
        try:
            found = _Reader(document, code_of(code), file, stated_at, report).read()
        except ValueError as reason:
            report.refuse(number, code, str(reason))
            continue
        if code in again:
            several[code].append((number, found))
        else:
            yield code, found.events
    for code, entries in sorted(several.items()):
        yield code, decided(entries, code, _precedence, "which is open, or ends or begins later", report).events


class _Read(NamedTuple):
    """What a document states, and what decides between it and another one with its code."""

    events: list[Event]
    days: TypedDays
    content: str


def _precedence(found: _Read) -> tuple[object, ...]:
    return later_end(found.days.end), found.days.start or date.min, found.content


def _code(document: Document) -> str:
    return str(_at(document, "OrgId", "extension") or "")


def _documents(file: SourceFile) -> Iterator[tuple[int, Document | None]]:
    """Yield each document with its number; None for one that is of no organisation. Raises FileRefused."""
    with file.text() as text:
        for number, one in enumerate(values_in(text), start=1):
            organisation = one.get("Organisation") if isinstance(one, dict) else None
            yield number, organisation if isinstance(organisation, dict) else None


class _Reader:
    """One document being read."""

    def __init__(
        self, document: Document, code: str, file: SourceFile, stated_at: datetime, report: FileReport
    ) -> None:
        self.document, self.code, self.day, self.report = document, code, file.day, report
        self.saying = file.saying(stated_at)
        self.roles = [_dated(role) for role in _list(document, "Roles", "Role")]
        self.primary = next((str(one.get("id")) for one in _list(document, "Roles", "Role") if _is_primary(one)), "")

    def read(self) -> _Read:
        """Return everything that the document states. Raises Unusable."""
        events = list(self._events())
        return _Read(events, _spans(self.document)[0], json.dumps(self.document, sort_keys=True))

    def _events(self) -> Iterator[Event]:
        name = name_of(_text(self.document.get("Name")))
        note_unreadable(self.code, name, self.report)
        if not name:
            raise Unusable("it has no name")
        if not self.primary:
            raise Unusable("it has no primary role")
        operational, legal = _spans(self.document)
        yield from self._life(name, operational, legal)
        yield from self._legal(legal)
        yield from self._kinds()
        yield from self._further_roles()
        yield from (event for rel in _list(self.document, "Rels", "Rel") for event in self._relation(rel))
        yield from (self._succession(succ) for succ in _list(self.document, "Succs", "Succ"))

    def _life(self, name: str, operational: TypedDays, legal: TypedDays) -> Iterator[Event]:
        starts = sorted({day for day in (operational.start, legal.start) if day})
        if not starts:
            raise Unusable("it has no first day")
        kind, last = self._kind_on(starts[-1]), operational.end
        if last is not None and last <= starts[-1]:
            raise Unusable(f"it ends on {last - _A_DAY}, before it begins on {starts[-1]}")
        if len(starts) > 1:
            yield OrganisationProposed(code=self.code, name=name, kind=kind, effective_on=starts[0], **self.saying)
        yield OrganisationOpened(
            code=self.code,
            name=name,
            kind=kind,
            effective_on=starts[-1],
            named_on=max(starts[-1], min(self.day, last - _A_DAY if last else self.day)),
            address=_address(self.document),
            **self.saying,
        )
        if last is not None:
            yield OrganisationClosed(code=self.code, effective_on=last, **self.saying)

    def _legal(self, legal: TypedDays) -> Iterator[Event]:
        for day, status in ((legal.start, "established"), (legal.end, "abolished")):
            if day is not None:
                yield OrganisationLegalStatusChanged(
                    code=self.code, legal_status=status, effective_on=day, **self.saying
                )

    def _kinds(self) -> Iterator[Event]:
        """Yield the days from which its roles make it another kind of body."""
        days = sorted({role.start for role in self.roles} | {role.end for role in self.roles if role.end})
        for before, day in pairwise(days):
            kind = self._kind_on(day)
            if kind is not Kind.UNKNOWN and kind is not self._kind_on(before):
                yield OrganisationKindChanged(code=self.code, kind=kind, effective_on=day, **self.saying)

    def _kind_on(self, day: date) -> Kind:
        held = {role.role for role in self.roles if role.start <= day and (role.end is None or day < role.end)}
        held.add(self.primary)
        fitting = [kind for kind in sorted(kinds_in_ods(day)) if set(roles_of(kind, day)) <= held]
        return Kind(max(fitting, key=lambda kind: len(roles_of(kind, day)), default=Kind.UNKNOWN))

    def _further_roles(self) -> Iterator[Event]:
        for role in self.roles:
            if role.role != self.primary:
                yield OrganisationRoleGiven(
                    code=self.code, role=role.role, effective_on=role.start, until=role.end, **self.saying
                )

    def _relation(self, rel: Document) -> Iterator[Event]:
        sort, other, other_role = rel.get("id"), _target(rel), _at(rel, "Target", "PrimaryRoleId", "id")
        operational, legal = _spans(rel)
        span = operational if operational.start else legal
        if span.start is None:
            raise Unusable(f"its relationship to {other} has no first day")
        days = {"effective_on": span.start, "until": span.end}
        words = self._parent_words(str(sort))
        if words is not None:
            yield OrganisationParentChanged(code=self.code, relation=words, parent=other, **days, **self.saying)
            return
        tie = self._tie_of(str(sort), str(other_role))
        if tie is None:
            self.report.find("relationship not kept", self.code, f"{sort} to {other} since {span.start}")
            return
        yield OrganisationRelated(code=self.code, relation=tie, other=other, **days, **self.saying)

    def _parent_words(self, sort: str) -> str | None:
        """Return the parent event where the relationship makes the other body its parent; None where it is a link."""
        if sort == _COMMISSIONED and self.primary in {_PRACTICE_ROLE, _NETWORK_ROLE}:
            return "commissioned by"
        if sort == _SUB_DIVISION or (sort == _GEOGRAPHY and self.primary not in {_PRACTICE_ROLE, _NETWORK_ROLE}):
            return "part of"
        return None

    def _tie_of(self, sort: str, other_role: str) -> Relation | None:
        if sort == PARTNER:
            return Relation.MEMBER_OF if other_role == _NETWORK_ROLE else Relation.PARTNER_IN
        return {_COMMISSIONED: Relation.MEMBER_OF, _GEOGRAPHY: Relation.IN_AREA_OF}.get(sort)

    def _succession(self, succ: Document) -> OrganisationSucceeded:
        operational, legal = _spans(succ)
        day, other = legal.start or operational.start, _target(succ)
        if day is None:
            raise Unusable(f"its succession with {other} has no day")
        ways = {"Successor": (self.code, other), "Predecessor": (other, self.code)}
        if str(succ.get("Type")) not in ways:
            raise Unusable(f"{succ.get('Type')!r} is neither Predecessor nor Successor")
        code, successor = ways[succ["Type"]]
        return OrganisationSucceeded(code=code, successor=successor, effective_on=day, **self.saying)


def _dated(role: Document) -> DatedRole:
    name = str(role.get("id", ""))
    if not _ROLE.fullmatch(name):
        raise Unusable(f"{name!r} is no role")
    operational, legal = _spans(role)
    span = operational if operational.start else legal
    if span.start is None:
        raise Unusable(f"its role {name} has no first day")
    return DatedRole(name, span.start, span.end)


def _spans(of: Document) -> tuple[TypedDays, TypedDays]:
    """Return the operational and the legal days of something. `End` is its last day."""
    found = {"Operational": TypedDays(), "Legal": TypedDays()}
    for one in _list(of, "Date"):
        if str(one.get("Type")) not in found:
            raise Unusable(f"{one.get('Type')!r} is no type of date")
        start = iso_day(str(one["Start"])) if one.get("Start") else None
        end = iso_last_day(str(one["End"])) if one.get("End") else None
        if start and end and end < start:
            raise Unusable(f"it ends on {end}, before it begins on {start}")
        found[one["Type"]] = TypedDays(start, end + _A_DAY if end else None)
    return found["Operational"], found["Legal"]


def _target(of: Document) -> str:
    return code_of(str(_at(of, "Target", "OrgId", "extension") or ""))


def _address(document: Document) -> str:
    """Return the lines of the address with the postcode as the last one; empty where there is none."""
    place = _at(document, "GeoLoc", "Location")
    if not isinstance(place, dict):
        return ""
    lines = [line for key in ("AddrLn1", "AddrLn2", "AddrLn3", "Town", "County") if (line := _text(place.get(key)))]
    postcode = _text(place.get("PostCode"))
    return "\n".join([*lines, postcode]) if lines or postcode else ""


def _text(value: Any) -> str:
    """Return a text, empty where there is none. Raises Unusable for text that cannot be printed."""
    if value is None:
        return ""
    if not isinstance(value, str) or not value.isprintable():
        raise Unusable(f"{value!r} is no text")
    return value.strip()


def _at(of: Document, *path: str) -> Any:
    found: Any = of
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _list(of: Document, *path: str) -> list[Document]:
    """Return the entries at a path; a single one may be without a list."""
    found = _at(of, *path)
    entries = found if isinstance(found, list) else [found] if found is not None else []
    if not all(isinstance(one, dict) for one in entries):
        raise Unusable(f"{'.'.join(path)} is no list of entries")
    return cast("list[Document]", entries)


def _is_primary(role: Document) -> bool:
    return str(role.get("primaryRole")).lower() == "true"


def _fits(_: str, lines: Sequence[list[str]]) -> bool:
    return next((column for line in lines for column in line if column), "")[:1] in {"{", "["}


FORMS = (
    Form(
        key="ord",
        title="organisations of the ORD API (JSON)",
        family="ods-ord",
        by="JSON: one document of an organisation, or a list of them",
        fits=_fits,
        take=_take,
    ),
)
