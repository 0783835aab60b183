"""What everybody reads of registers: the same for every caller."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.gifts.models import GiftKind, GiftOutcome, GiverKind, Response
from services.governance.interests.walks import InterestType, Relation
from services.governance.registers.models import Register

Person = Annotated[
    str, Field(description="Whose name who may reads by its id.", examples=["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
]
Posts = Annotated[list[str], Field(description="Of the organisation on the day.", examples=[["14Y/chair"]])]


class InterestEntry(View):
    """A line of the register of interests."""

    interest: str
    person: Person
    posts: Posts
    type: InterestType
    is_direct: bool
    relation: Relation
    other: str
    share: str | None
    nature: str
    first_day: date
    last_day: date | None
    declared_on: date
    public_until: date | None


class GiftEntry(View):
    """A line of the register of gifts and hospitality."""

    gift: str
    person: Person
    posts: Posts
    kind: GiftKind
    giver_kind: GiverKind
    giver: str | None
    value_pence: int
    offered_on: date
    declared_on: date
    response: Response
    approved_by: str | None
    outcome: GiftOutcome | None
    public_until: date | None


class RecusalEntry(View):
    """How a conflict was managed at the item."""

    person: Person
    action: str


class ProcurementEntry(View):
    """A line of the register of procurement decisions; who was conflicted by which path is read by its `path`."""

    decision: str
    body: str
    subject: str
    action: str
    outcome: str
    value_pence: int
    minute: str
    taken_on: date
    stands: bool
    took_part: Annotated[list[str], Field(description="Who voted or counted for the quorum, or acted.")]
    recusals: Annotated[
        list[RecusalEntry], Field(description="What whoever presided decided on interests; none of a private item.")
    ]
    path: Annotated[str, Field(examples=["/v1/procurement-decisions/D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]


class BreachEntry(View):
    """A line of the register of breaches: anonymised."""

    breach: str
    rule: str
    title: str
    known_on: date
    found_by: str
    consequence: str | None
    lesson: str | None
    concluded_on: date | None


Entry = InterestEntry | GiftEntry | ProcurementEntry | BreachEntry


class NilReturnEntry(View):
    """Who has a post and returned that there is nothing to declare."""

    person: Person
    posts: Posts
    returned_on: date


class PublicationView(View):
    """A publication of a register."""

    register_of: Register
    organisation: str
    published_on: date
    entries: int
    digest: Annotated[str, Field(description="SHA-256 of the entries as canonical JSON (RFC 8785).")]
    stated_at: datetime


class RegisterView(View):
    """A register as everybody reads it on a day."""

    register_of: Register
    organisation: str
    entries: list[Entry]
    nil_returns: Annotated[list[NilReturnEntry], Field(description="Of the register of interests.")]
    missing: Annotated[
        list[str], Field(description="Who has a post, and neither declared nor returned nil; of interests.")
    ]
    digest: Annotated[str, Field(description="SHA-256 of the entries as canonical JSON (RFC 8785).")]
    published: Annotated[
        PublicationView | None, Field(description="Its last publication by the day; null: it was never published.")
    ]
    as_published: Annotated[bool, Field(description="Whether the entries are those of its last publication.")]
    as_at: date
    as_known: datetime | None
