"""Tables of portfolios: their references, and each statement of one, which is never changed."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base


class Portfolio(Base):
    """A portfolio of the organisations whose money it is; `version` counts its statements."""

    __tablename__ = "portfolio"
    __table_args__ = (Index("ix_portfolio_organisations", "organisations", postgresql_using="gin"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(default=1)


class PortfolioStatement(Base):
    """What was stated of a portfolio from a day on: its items and rules, as JSON."""

    __tablename__ = "portfolio_statement"
    __table_args__ = (UniqueConstraint("portfolio_id", "version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    portfolio_id: Mapped[int] = mapped_column(ForeignKey("portfolio.id"), index=True)
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
    recorded_by: Mapped[str] = mapped_column(Text)
