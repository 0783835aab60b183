"""Tables of exits: what contracts published about leaving contracts, and assessments in versions."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_exit = Table(
    "known_exit",
    Base.metadata,
    Column("contract", Text, nullable=False),
    # What it states: the terms, the days on offer, or a notice, which has a key of its own.
    Column("what", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("supplier", Text, nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("content", Text, nullable=False),
    CheckConstraint("what IN ('terms', 'dates', 'noticed', 'withdrawn')", name="what"),
)
"""What contracts published about leaving each contract, one row an event; what was stated later counts."""
Index(None, known_exit.c.customers, postgresql_using="gin")
# The days on offer of many years are longer than an index takes.
Index(
    "uq_known_exit_once",
    *(known_exit.c[name] for name in ("contract", "what", "key", "effective_on", "stated_at")),
    func.md5(known_exit.c.content),
    unique=True,
)

MIGRATED = "(migration)"
"""The row of a migration that found contracts known already: the copy is then rebuilt at the start."""

known_exits = Projection(
    name="known_exits",
    tables=("known_exit",),
    content="SELECT contract, what, key, effective_on::text, stated_at::text, supplier, customers::text, content"
    " FROM known_exit ORDER BY 1, 2, 3, 4, 5, 8",
    carried_over=f"SELECT EXISTS (SELECT FROM known_exit WHERE contract = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)


class ExitAssessment(Base):
    """What one organisation assesses about leaving one contract; its versions have the inputs."""

    __tablename__ = "exit_assessment"
    __table_args__ = (UniqueConstraint("contract", "organisation"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)


class AssessmentVersion(Base):
    """The inputs of one version, as they were stated; never changed."""

    __tablename__ = "exit_assessment_version"
    __table_args__ = (UniqueConstraint("assessment_id", "version"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("exit_assessment.id"))
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


published_assessment = Table(
    "published_exit_assessment",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("version_id", Integer, ForeignKey("exit_assessment_version.id"), nullable=False, unique=True),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("digest", Text, nullable=False, index=True),
    # The answer as it was published; empty where that was not kept yet.
    Column("content", Text, nullable=False, server_default=text("''")),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)
"""Versions that their authors published, each once, with the digest of what was published."""
