"""Tables of subjects and of agreements: one row for what an event states of one, folded when read."""

from enum import StrEnum

from sqlalchemy import Column, Date, DateTime, Index, Table, Text, UniqueConstraint, func

from libs.common.messaging.subscriptions import Projection
from services.governance.core.models import Base


class SubjectKind(StrEnum):
    """What sort of subject it is."""

    CONTRACT = "contract"
    PROCUREMENT = "procurement"
    PLAN = "plan"
    CASE = "case"
    MERGER = "merger"
    BODY = "body"
    ORGANISATION = "organisation"


known_subject = Table(
    "known_subject",
    Base.metadata,
    Column("reference", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The event's name.
    Column("what", Text, nullable=False),
    # What it states, as JSON with sorted keys.
    Column("content", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)
"""What was published of a subject; a repeated event is one row."""
Index(
    "uq_known_subject_once",
    *(known_subject.c[name] for name in ("reference", "what", "effective_on", "stated_at")),
    func.md5(known_subject.c.content),
    unique=True,
)

known_subjects = Projection(
    name="known_subjects",
    tables=("known_subject",),
    content="SELECT reference, kind, what, content, effective_on::text, stated_at::text FROM known_subject"
    " ORDER BY 1, 3, 5, 6, 4",
    carried_over="SELECT EXISTS (SELECT FROM known_subject WHERE reference = '' AND what = 'migration')",
)
"""What contracts, finance and the registry publish of what bodies decide on."""


known_agreement = Table(
    "known_agreement",
    Base.metadata,
    Column("agreement", Text, nullable=False),
    Column("successor", Text, nullable=False),
    # Whether it has to be made again, or what became of it.
    Column("outcome", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("agreement", "successor", "outcome", "effective_on", "stated_at"),
)
"""What contracts published of agreements of bodies that end: one row an event."""

known_agreements = Projection(
    name="known_agreements",
    tables=("known_agreement",),
    content="SELECT agreement, successor, outcome, effective_on::text, stated_at::text FROM known_agreement"
    " ORDER BY 1, 2, 4, 5, 3",
    carried_over="SELECT EXISTS (SELECT FROM known_agreement WHERE outcome = 'migration')",
)
"""Which agreements have to be made again after a merger, so that the power of their instruments waits."""
