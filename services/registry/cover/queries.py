"""Reads cover on a day: its size by commissioner, its practices and areas, and what is not covered exactly once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, holds
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_area
from services.registry.cover.checks import read_bodies
from services.registry.cover.rules import Commissioners, Sort, days_as_commissioner, law_on
from services.registry.cover.views import BreachView, CoveredView, CoverFinding, CoverSubject, CoverView
from services.registry.populations.queries import people_of

_OPEN_PRACTICES = f"""
  FROM organisation_belief kind
  JOIN {believed("life", Facet.LIFE, subject="kind.subject_id")} AND life.value = 'open'
  JOIN organisation o ON o.id = kind.subject_id
  LEFT JOIN {believed("parent", Facet.PARENT, subject="kind.subject_id")}
 WHERE {about("kind", Facet.KIND)} AND kind.value = 'gp_practice' AND {holds("kind")}
"""

_PRACTICES_BY_PARENT = f"SELECT parent.value, array_agg(o.code ORDER BY o.code) {_OPEN_PRACTICES} GROUP BY 1"

_AREAS_BY_OWNER = f"""
SELECT owner.value, array_agg(a.code ORDER BY a.code)
  FROM area a
  LEFT JOIN {believed_area("owner")}
 GROUP BY 1
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class CoveredCodes:
    """What a body covers on a day. `areas` is None where no areas of that day are known."""

    code: str
    practices: list[str]
    areas: list[str] | None


@dataclass(frozen=True, slots=True)
class _OnADay:
    """Practices and areas of a day by the body stated for them, and that body's successors."""

    practices: dict[str | None, list[str]]
    areas: dict[str | None, list[str]]
    who: Commissioners
    day: date

    def holders(self, stated: str | None) -> frozenset[str]:
        return self.who.on(stated, self.day) if stated else frozenset()

    def codes_of(self, code: str, owned: Mapping[str | None, Sequence[str]]) -> list[str]:
        return sorted(one for stated, codes in owned.items() if code in self.holders(stated) for one in codes)


async def _on(db: Reads, as_at: date, as_known: datetime | None) -> _OnADay:
    known = as_known or ALWAYS
    practices = dict(await db.fetch(_PRACTICES_BY_PARENT, as_at, known))
    areas = dict(await db.fetch(_AREAS_BY_OWNER, as_at, known))
    named = {code for code in (*practices, *areas) if code}
    bodies, followed = await read_bodies(db, named, as_known=known)
    who = Commissioners({code: days_as_commissioner(body) for code, body in bodies.items()}, followed)
    return _OnADay(practices, areas, who, as_at)


_NAMES = f"""
SELECT o.code, b.value FROM organisation o JOIN {believed("b", Facet.NAME, day="$2", known="$3")}
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)

_COMMISSIONERS = f"""
SELECT o.code
  FROM organisation_belief kind
  JOIN {believed("life", Facet.LIFE, subject="kind.subject_id")} AND life.value = 'open'
  JOIN organisation o ON o.id = kind.subject_id
 WHERE {about("kind", Facet.KIND)} AND kind.value = ANY($3) AND {holds("kind")}
"""  # noqa: S608  (only names of ours are put in)


async def list_covers(
    db: Reads, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[CoverView]:
    """Return a page of open commissioners with how much each covers on a day, ordered by code."""
    known, law = as_known or ALWAYS, law_on(as_at)
    if law is None:
        return []
    day = await _on(db, as_at, as_known)
    practices: Counter[str] = Counter()
    for parent, codes in day.practices.items():
        practices.update({code: len(codes) for code in day.holders(parent)})
    areas: Counter[str] = Counter()
    for owner, codes in day.areas.items():
        areas.update({code: len(codes) for code in day.holders(owner)})
    commissioners = {row[0] for row in await db.fetch(_COMMISSIONERS, as_at, known, law.values["commissioners"])}
    shown = sorted(code for code in commissioners if after is None or code > after)[:limit]
    names = dict(await db.fetch(_NAMES, shown, as_at, known))
    people = await people_of(db, shown, as_at=as_at, as_known=as_known)
    return [
        CoverView(
            code=code, name=names.get(code), practices=practices[code], areas=areas.get(code), people=people[code]
        )
        for code in shown
    ]


async def list_covered(
    db: Reads, code: str, sort: Sort, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[CoveredView] | None:
    """Return a page of the practices or areas that a body covers. None: no areas of that day are known."""
    [covered] = await covered_by_each(db, [code], as_at=as_at, as_known=as_known)
    codes = covered.practices if sort == "practices" else covered.areas
    if codes is None:
        return None
    return [CoveredView(code=one) for one in codes if after is None or one > after][:limit]


async def covered_by_each(
    db: Reads, codes: Sequence[str], *, as_at: date, as_known: datetime | None
) -> list[CoveredCodes]:
    """Return the practices and areas that each of the bodies covers on a day, from one read of that day."""
    day = await _on(db, as_at, as_known)
    return [
        CoveredCodes(code, day.codes_of(code, day.practices), day.codes_of(code, day.areas) or None) for code in codes
    ]


async def list_findings(
    db: Reads,
    subject: CoverSubject | None = None,
    finding: CoverFinding | None = None,
    *,
    as_at: date,
    as_known: datetime | None,
) -> list[BreachView]:
    """Return the practices and areas that are not covered exactly once on a day, ordered by code.

    An import is never refused for them. Days without a law on cover have none.
    """
    law = law_on(as_at)
    if law is None:
        return []
    day = await _on(db, as_at, as_known)
    elsewhere = tuple(law.values["practices_elsewhere"])
    found: list[BreachView] = []
    if law.values["areas"] and subject != "practice":
        found.extend(_breaches("area", day.areas, day, finding))
    if law.values["practices"] and subject != "area":
        practices = _breaches("practice", day.practices, day, finding)
        found.extend(one for one in practices if not one.code.startswith(elsewhere))
    return sorted(found, key=lambda one: (one.about, one.code))


def _breaches(
    subject: CoverSubject, owned: dict[str | None, list[str]], day: _OnADay, only: CoverFinding | None
) -> Iterator[BreachView]:
    for stated, codes in owned.items():
        holders = sorted(day.holders(stated))
        finding: CoverFinding = "several" if holders else "unknown" if subject == "area" and stated is None else "none"
        if len(holders) != 1 and only in {None, finding}:
            for code in codes:
                yield BreachView(about=subject, code=code, finding=finding, holders=holders, stated=stated)
