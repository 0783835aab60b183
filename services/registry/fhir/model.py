"""Organisations and their relations, as FHIR resources are built from them."""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.temporal.history import Days
from libs.organisations.statements import Status


@dataclass(frozen=True, slots=True)
class FhirPeriod:
    """A value and the days on which it holds."""

    value: str
    days: Days


@dataclass(frozen=True, slots=True)
class FhirIdentifier:
    """A code of another system, with its days."""

    system: str
    value: str
    days: Days


@dataclass(frozen=True, slots=True)
class Role:
    """A dated role of a body: an ODS code (`RO98`), or our own name where ODS has none."""

    code: str
    primary: bool
    days: Days | None
    """The days on which it operates in the role; None: it is only planned."""
    active: bool
    """Whether it has the role, and operates, on the day asked about."""
    legal: Days | None = None
    """The days on which it has the role in law, from the order that sets it up; None where no source says any."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value comes from: after the day on which it was last seen it is inferred."""

    element: str
    """The FHIR element that shows the value."""
    known_since: datetime
    seen_on: date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class FollowedBy:
    """One succession: from `effective_on` the successor takes over from the body under `code`."""

    code: str
    successor: str
    effective_on: date
    shape: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class FhirOrganisation:
    """A body as at a day, with the periods of its life before and after that day."""

    code: str
    status: Status
    version: int
    last_stated_at: datetime | None = None
    """The latest instant at which a source stated something about it; None for a code that is only mentioned."""
    last_recorded_at: datetime | None = None
    """When the registry last recorded something about it."""
    name: str | None = None
    kind: str = "unknown"
    operational: Days | None = None
    """The days on which it operates; None where no source says any."""
    legal: Days | None = None
    roles: tuple[Role, ...] = ()
    identifiers: tuple[FhirIdentifier, ...] = ()
    address: tuple[str, ...] = ()
    """Its lines, without the postcode."""
    postcode: str | None = None
    parent: str | None = None
    successions: tuple[FollowedBy, ...] = ()
    provenance: tuple[Provenance, ...] = ()


@dataclass(frozen=True, slots=True)
class FhirAffiliation:
    """A relation of one body to another, with its days."""

    id: str
    relation: str
    """Our name of the relation: `parent`, `member of`, ..."""
    organisation: str
    participating: str
    days: Days
    active: bool
    last_recorded_at: datetime
    ods_relationship: str | None = None
    """The code of ODS, where it has one for this relation between these kinds."""
    share: str | None = None
    provenance: Provenance | None = None
    cursor: str = ""
    """The cursor of the page that begins after it, in the order of its search."""


@dataclass(frozen=True, slots=True)
class FhirTimes:
    """The day and the instant that an answer is for; None where the caller left it out: today, now."""

    as_at: date | None = None
    as_known: datetime | None = None


NOW = FhirTimes()
"""The times of a caller who gave neither a day nor an instant."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which elements a resource is shown with: None for all; and whether it is marked as a subset."""

    elements: frozenset[str] | None = None
    subsetted: bool = False


WHOLE = Shape()
"""Every element."""
