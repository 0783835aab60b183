"""Tables of dossiers: parts, entries as a chain of hashes, personal values apart, and the events that may belong."""

from datetime import date, datetime

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Dossier(Base):
    """A part of a decision's dossier: open, or sealed with its head. `previous` is the head of the part before it.

    `entries` counts those of all parts up to this one. Nothing is added to a sealed part: what follows opens another.
    `events` are the events of other publishers that it takes in, by the rule pack `pack`; `checked` is how many
    entries there were when its steps were last looked at.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        UniqueConstraint("decision", "part"),
        CheckConstraint("(sealed_at IS NULL) = (head IS NULL)", name="sealed_whole"),
        Index("uq_dossier_open", "decision", unique=True, postgresql_where=text("sealed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    decision: Mapped[str] = mapped_column(Text)
    part: Mapped[int]
    opened_on: Mapped[date] = mapped_column(Date)
    pack: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    previous: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    entries: Mapped[int] = mapped_column(default=0)
    checked: Mapped[int] = mapped_column(default=0)
    head: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


class DossierEntry(Base):
    """An entry: canonical JSON in which personal values are hashes, and the chain's hash up to it. Never changed."""

    __tablename__ = "dossier_entry"
    __table_args__ = (UniqueConstraint("decision", "key"),)

    decision: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"), index=True)
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class DossierValue(Base):
    """A personal value of an entry with its salt: erasing deletes the row, and the chain still verifies."""

    __tablename__ = "dossier_value"
    __table_args__ = (ForeignKeyConstraint(["decision", "number"], ["dossier_entry.decision", "dossier_entry.number"]),)

    decision: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    value: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)


class DossierReference(Base):
    """What attaches events to a decision's dossier: its subject and case, what followed from it, and ids of events."""

    __tablename__ = "dossier_reference"

    decision: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, primary_key=True, index=True)


class DossierMark(Base):
    """A reference about which something was recorded since the dossiers that have it were last looked at."""

    __tablename__ = "dossier_mark"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text)


_AT_ITEM = (
    "SELECT coalesce(u.proposal, i.proposal) FROM changed c JOIN meeting_item i ON i.id = c.item_id"
    " LEFT JOIN urgent_action u ON u.id = i.urgent_action_id"
)
_AT_MEETING = _AT_ITEM.replace("i.id = c.item_id", "i.meeting_id = c.meeting_id")
MARKS = {
    "decision": "INSERT: SELECT proposal FROM changed",
    "decision_reversal": "INSERT: SELECT decision FROM changed",
    "proposal_act": "INSERT: SELECT proposal FROM changed",
    "paper": "INSERT: SELECT proposal FROM changed",
    "paper_recall": "INSERT: SELECT p.proposal FROM changed c JOIN paper p ON p.reference = c.paper",
    "recusal": f"INSERT: {_AT_ITEM}",
    "vote": f"INSERT: {_AT_ITEM}",
    "item_result": f"INSERT: {_AT_ITEM}",
    "meeting_step": f"INSERT: {_AT_MEETING}",
    "minutes": f"INSERT: {_AT_MEETING}",
    "urgent_action": "INSERT: SELECT proposal FROM changed",
    "person": "UPDATE: SELECT id FROM changed",
    "declared_interest": "UPDATE: SELECT person_id FROM changed",
}
"""What marks dossiers, by table: on which statement, and the references of what it changed.

It is the database that marks, in the transaction of the act: no command can leave it out, and none has to know.
"""
FUNCTION = """
CREATE FUNCTION mark_dossiers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'INSERT INTO dossier_mark (reference) SELECT DISTINCT r FROM (' || TG_ARGV[0] || ') AS found (r)';
    RETURN NULL;
END $$
"""


def triggers() -> list[str]:
    """Return the statements that make the triggers of all tables that mark dossiers."""
    made = []
    for table, mark in MARKS.items():
        statement, _, references = mark.partition(": ")
        made.append(
            f"CREATE TRIGGER mark_dossiers AFTER {statement} ON {table} REFERENCING NEW TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION mark_dossiers('{references}')"
        )
    return made


for _statement in (FUNCTION, *triggers()):
    event.listen(Base.metadata, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]


dossier_event = Table(
    "dossier_event",
    Base.metadata,
    Column("event_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # The references, and the ids of events, of which a dossier with one takes it in.
    Column("attached_by", ARRAY(Text), nullable=False),
    # The references that a dossier has from then on.
    Column("attaches", ARRAY(Text), nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("correlation", Text, nullable=False, server_default=""),
)
"""Events of other publishers that may belong to a dossier, without their words."""
Index(None, dossier_event.c.attached_by, postgresql_using="gin")

dossier_events = Projection(
    name="dossier_events",
    tables=("dossier_event",),
    content="SELECT event_id, name, attached_by::text, attaches::text, fields::text, effective_on::text,"
    " stated_at::text FROM dossier_event ORDER BY event_id",
    # A service that has heard events before it had dossiers reads them again at its start.
    carried_over="SELECT EXISTS (SELECT FROM consumer_offset WHERE source_position > 0)"
    " AND NOT EXISTS (SELECT FROM dossier_event)",
)
