"""Tables of what was permitted: the answer for each act, and what was decided in series that counts together."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base


class Permit(Base):
    """What `can` answered for an act: the question, the chains, and the digest of both.

    `asked_on` and `known_at` are the day and the instant of the question. `question` and `answer` are JSON.
    """

    __tablename__ = "permit"
    __table_args__ = (Index(None, "act"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    act: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    asked_on: Mapped[date] = mapped_column(Date)
    known_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False, repr=False
    )


class SeriesPart(Base):
    """What a decision of one organisation adds to a series: the same supplier and function, or one named series.

    Of a procurement the supplier is whoever is known to have won it, so that `suppliers` is empty.
    """

    __tablename__ = "series_part"
    __table_args__ = (Index(None, "organisation", "decided_on"),)

    decision: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation: Mapped[str] = mapped_column(Text, primary_key=True)
    proposal: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    suppliers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    value_pence: Mapped[int] = mapped_column(BigInteger)
    annual_pence: Mapped[int] = mapped_column(BigInteger)
    decided_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    procurement: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))


class SeriesPartEnded(Base):
    """A decision that no longer counts in its series from a day on; or it was stated later that it does (`ended`)."""

    __tablename__ = "series_part_ended"

    decision: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_on: Mapped[date] = mapped_column(Date, primary_key=True)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    ended: Mapped[bool] = mapped_column(default=True, server_default=text("true"), primary_key=True)
