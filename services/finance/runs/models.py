"""Tables of runs: what is to be computed for whom, how far it is, and the result of each digest of inputs."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Identity, Index, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base

_NOW = text("clock_timestamp()")


class RunState(StrEnum):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunKind(StrEnum):
    """What is computed: a portfolio's plan, the spread of a case's value, or a report's document."""

    PORTFOLIO = "portfolio"
    SIMULATION = "simulation"
    DOCUMENT = "document"


class RunResult(Base):
    """What the inputs of this digest give: written once, never changed."""

    __tablename__ = "run_result"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    result: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)


class Run(Base):
    """A computation that was requested for a subject, by its kind.

    `alive_at` is the last sign of life of whoever computes it. `inputs` is the line that its process reads; `origin`
    is the request that asked for it.
    """

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_run_subject", "kind", "subject", "id"),
        Index("ix_run_digest", "digest"),
        Index(None, "organisations", postgresql_using="gin"),
        Index("ix_run_open", "id", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_run_failed", "id", postgresql_where=text("state = 'failed' AND kind <> 'document'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Uuid(as_uuid=False), unique=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    """The version of the subject that is computed."""
    digest: Mapped[str] = mapped_column(Text)
    inputs: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    origin: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Whose run it is: so many of one organisation wait, and whoever was served the longest ago comes first."""
    as_at: Mapped[date | None] = mapped_column(default=None)
    as_known: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    """The instant as known at which its inputs were read; null: that of the request."""
    alive_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    tries: Mapped[int] = mapped_column(server_default=text("0"), init=False)
    progress: Mapped[str | None] = mapped_column(Text, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
