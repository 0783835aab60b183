"""Tables of papers: what a proposal's paper is, who read it, and from whom it was recalled."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Paper(Base):
    """A paper of a proposal: its title, digest and where it lies, all private. No bytes of it are stored here."""

    __tablename__ = "paper"

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.reference"), index=True)
    stage: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    added_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class PaperRead(Base):
    """That a paper was given out: to which caller, which is this person where an account says so, in which request."""

    __tablename__ = "paper_read"
    __table_args__ = (Index(None, "paper", "person_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    paper: Mapped[str] = mapped_column(ForeignKey("paper.reference"))
    reader: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    request_id: Mapped[str] = mapped_column(Text)
    read_on: Mapped[date] = mapped_column(Date)
    read_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class PaperRecall(Base):
    """That a person who had read a paper was found conflicted afterwards, and by which edges."""

    __tablename__ = "paper_recall"

    paper: Mapped[str] = mapped_column(ForeignKey("paper.reference"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    path: Mapped[list[str]] = mapped_column(ARRAY(Text))
    recalled_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
