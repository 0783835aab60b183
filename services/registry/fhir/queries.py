"""Reads bodies with everything that their Organization shows, many at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS, as_known
from libs.common.temporal.history import ALWAYS, FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import UNKNOWN, Facet, Status
from services.registry.core.believed import believed, believed_link
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.provenance import NAMES, sightings
from services.registry.fhir import codes
from services.registry.fhir.model import (
    FhirIdentifier,
    FhirOrganisation,
    FhirPeriod,
    FhirTimes,
    FollowedBy,
    Provenance,
    Role,
)

_STATED_AT = """
(SELECT max(at) FROM (
    SELECT max(s.stated_at) AS at FROM organisation_statement s WHERE s.subject_id = o.id AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM tie t JOIN tie_statement s ON s.subject_id = t.id
     WHERE t.code = o.code AND (t.sort = 'role' OR t.sort LIKE 'code:%') AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM succession_statement s WHERE s.code = o.code AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM succession f JOIN succession_statement s USING (code, successor, effective_on)
     WHERE f.successor = o.code AND s.stated_at <= $2) stated)
"""
"""The instant of the latest statement, by the instant $2, that a body's Organization shows."""

_RECORDED_AT = _STATED_AT.replace("max(s.stated_at)", "max(s.recorded_at)").replace("AND s.stated_at <= $2", "")
"""When the registry last recorded something that a body's Organization shows."""

_BODIES = f"""
SELECT o.code, o.version, {_STATED_AT} AS stated_at, {_RECORDED_AT} AS recorded_at
  FROM organisation o WHERE o.code = ANY($1) ORDER BY o.code
"""  # noqa: S608  (both are constants of ours)

_SPELLS = f"""
SELECT o.code, b.facet, b.value, lower(b.valid) AS first, upper(b.valid) AS "end"
  FROM organisation o JOIN {believed("b", day=ALL_DAYS)}
 WHERE o.code = ANY($1) ORDER BY o.code, b.facet, b.valid
"""  # noqa: S608  (only names of ours are put in)

_TIES = f"""
SELECT t.code, t.sort, t.other, lower(b.valid) AS first, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS)}
 WHERE t.code = ANY($1) AND (t.sort = 'role' OR t.sort LIKE 'code:%') ORDER BY t.code, t.sort, t.other, b.valid
"""  # noqa: S608  (only names of ours are put in)

_SUCCESSIONS = f"""
SELECT code, successor, effective_on, shape, share FROM succession
 WHERE (code = ANY($1) OR successor = ANY($1)) AND {as_known("succession")}
 ORDER BY effective_on, code, successor
"""  # noqa: S608  (only names of ours are put in)


_ELEMENTS = {
    Facet.LIFE: "active",
    Facet.NAME: "name",
    Facet.KIND: "type",
    Facet.ADDRESS: "address",
    Facet.PARENT: "partOf",
}
"""The elements of an Organization that say where their values come from."""


@dataclass
class FhirBeliefs:
    """The beliefs about one body on every day, as known at one instant."""

    code: str
    version: int
    stated_at: datetime | None
    recorded_at: datetime | None
    periods: dict[Facet, list[FhirPeriod]] = field(default_factory=lambda: defaultdict(list))
    links: list[tuple[str, FhirPeriod]] = field(default_factory=list)
    successions: list[FollowedBy] = field(default_factory=list)

    def on(self, facet: Facet, day: date) -> str | None:
        """Return the value of a facet on a day."""
        return next((period.value for period in self.periods[facet] if day in period.days), None)


async def get_bodies(db: Reads, wanted: Collection[str], question: FhirTimes, *, today: date) -> list[FhirOrganisation]:
    """Return those of the codes that exist, ordered by code, as at the day and as known at the instant.

    Five reads, however many codes.
    """
    known = question.as_known or ALWAYS
    bodies = {row["code"]: FhirBeliefs(*row) for row in await db.fetch(_BODIES, sorted(wanted), known)}
    given = list(bodies)
    for code, facet, value, first, end in await db.fetch(_SPELLS, given, known):
        bodies[code].periods[Facet(facet)].append(FhirPeriod(value, days_of(first, end)))
    for code, sort, other, first, end in await db.fetch(_TIES, given, known):
        bodies[code].links.append((sort, FhirPeriod(other, days_of(first, end))))
    for row in await db.fetch(_SUCCESSIONS, given, known):
        step = FollowedBy(*row)
        for code in {step.code, step.successor} & bodies.keys():
            bodies[code].successions.append(step)
    day = question.as_at or today
    seen = await sightings(db, given, as_at=day, as_known=question.as_known, facets=tuple(_ELEMENTS))
    return [
        replace(
            body_as_at(one, day),
            provenance=tuple(
                Provenance(_ELEMENTS[facet], value.known_since, value.seen_on, value.source)
                for value in seen.get(one.code, ())
                for facet in _ELEMENTS
                if NAMES[facet] == value.about
            ),
        )
        for one in bodies.values()
    ]


def days_of(first: date | None, end: date | None) -> Days:
    """Return the days of a range of the database."""
    return Days(first or FIRST_DAY, end or LAST_DAY)


def body_as_at(beliefs: FhirBeliefs, day: date) -> FhirOrganisation:
    """Return what a body's Organization shows on a day. On a day of which nothing was stated it has no name."""
    status = cast("Status", beliefs.on(Facet.LIFE, day) or "unknown")
    lines = tuple((beliefs.on(Facet.ADDRESS, day) or "").split("\n"))
    legal = _legal(beliefs, day)
    return FhirOrganisation(
        code=beliefs.code,
        status=status,
        version=beliefs.version,
        last_stated_at=beliefs.stated_at,
        last_recorded_at=beliefs.recorded_at,
        name=None if status == "unknown" else beliefs.on(Facet.NAME, day),
        kind=beliefs.on(Facet.KIND, day) or UNKNOWN,
        operational=_nearest(beliefs.periods[Facet.LIFE], "open", day),
        legal=legal,
        roles=(*_roles_of_kinds(beliefs, legal, day), *_further_roles(beliefs, day)),
        identifiers=tuple(
            FhirIdentifier(sort.removeprefix(CODE_OF), period.value, period.days)
            for sort, period in beliefs.links
            if sort.startswith(CODE_OF)
        ),
        address=tuple(line for line in lines[:-1] if line),
        postcode=lines[-1] or None,
        parent=beliefs.on(Facet.PARENT, day),
        successions=tuple(beliefs.successions),
    )


def _legal(beliefs: FhirBeliefs, day: date) -> Days | None:
    """Return the days on which it is established in law: as stated, else from when it was proposed.

    A merger's order is made before the day on which it takes effect: where a source states only that day, on which the
    body opens too, it is legal from the order.
    """
    proposed = _nearest(beliefs.periods[Facet.LIFE], "proposed", day)
    stated = _nearest(beliefs.periods[Facet.LEGAL], "established", day)
    if stated is not None:
        return Days(proposed.start, stated.end) if proposed and proposed.end == stated.start else stated
    ended = min((period.days.start for period in beliefs.periods[Facet.LEGAL]), default=LAST_DAY)
    if proposed is None and ended == LAST_DAY:
        return None
    return Days(proposed.start if proposed else FIRST_DAY, ended)


def _nearest(periods: Sequence[FhirPeriod], value: str, day: date) -> Days | None:
    """Return the period of a value on a day, else the last one before it, else the first one after it."""
    found = [period.days for period in periods if period.value == value]
    begun = [days for days in found if days.start <= day]
    return begun[-1] if begun else next(iter(found), None)


def _roles_of_kinds(beliefs: FhirBeliefs, legal: Days | None, day: date) -> list[Role]:
    """Return the ODS roles that follow from what a body was, each once for all days on which it had it without a break.

    A role is in operation while the body is open, and legal from its order, which is earlier, to its abolition in law.
    """
    periods: dict[tuple[str, bool], list[Days]] = defaultdict(list)
    for period in beliefs.periods[Facet.KIND]:
        for number, role in enumerate(codes.roles_of(period.value, day)):
            periods[role, number == 0].append(period.days)
    return [
        role
        for (code, primary), found in periods.items()
        for role in _roles(code, found, beliefs, legal, day, primary=primary)
    ]


def _further_roles(beliefs: FhirBeliefs, day: date) -> list[Role]:
    return [
        role
        for sort, period in beliefs.links
        if sort == ROLE
        for role in _roles(period.value, [period.days], beliefs, None, day, primary=False)
    ]


def _roles(
    code: str, periods: Sequence[Days], beliefs: FhirBeliefs, legal: Days | None, day: date, *, primary: bool
) -> Iterator[Role]:
    """Yield a role once for each period in which the body operates with it; a body that is only planned has it in law.

    A role that begins only after its body closed is left out.
    """
    operates = beliefs.on(Facet.LIFE, day) == "open"
    life = _operation(beliefs.periods[Facet.LIFE])
    operational = _joined(_common(periods, life))
    in_law = _joined(_common(periods, [legal] if legal else []))
    for days in operational:
        during = next((one for one in in_law if one.start < days.end and days.start < one.end), None)
        yield Role(code, primary, days, operates and day in days, during)
    if not operational:
        yield from (Role(code, primary, None, False, days) for days in in_law)


def _operation(periods: Sequence[FhirPeriod]) -> list[Days]:
    """Return the days on which it operates; before the first known day and after the last one they are not limited."""
    known = [period.days for period in periods if period.value == "open"]
    if known:
        return known
    not_yet = max((period.days.end for period in periods if period.value == "proposed"), default=FIRST_DAY)
    closed = min((period.days.start for period in periods if period.value == "closed"), default=LAST_DAY)
    return [Days(not_yet, closed)] if not_yet < closed else []


def _common(periods: Iterable[Days], others: Sequence[Days]) -> list[Days]:
    """Return the days that are in one of the periods and in one of the others."""
    both = (Days(max(one.start, other.start), min(one.end, other.end)) for one in periods for other in others)
    return [days for days in both if days.start < days.end]


def _joined(periods: Sequence[Days]) -> list[Days]:
    """Return periods in order, joining those that follow one another without a gap."""
    joined: list[Days] = []
    for days in sorted(periods, key=lambda one: one.start):
        if joined and joined[-1].end >= days.start:
            joined[-1] = Days(joined[-1].start, max(joined[-1].end, days.end))
        else:
            joined.append(days)
    return joined
