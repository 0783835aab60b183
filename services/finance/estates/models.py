"""Tables of estates: workbooks that were taken with all of their rows, and what each organisation returned."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base


class EstateWorkbook(Base):
    """A workbook that was taken for a financial year: never changed; the same bytes are taken once."""

    __tablename__ = "estate_workbook"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    """SHA-256 of its bytes."""
    file: Mapped[str] = mapped_column(Text)
    financial_year: Mapped[int]
    pack: Mapped[str] = mapped_column(Text)
    findings: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What was odd about it as a whole when it was taken."""
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
    recorded_by: Mapped[str] = mapped_column(Text)


class EstateRow(Base):
    """A row of a sheet as it was read, its verdict, and what is odd about it. Nothing is left out.

    `pence` are the figures of the sheet in its order (`sheets.FIGURES`): null is no figure.
    """

    __tablename__ = "estate_row"
    __table_args__ = (
        CheckConstraint("sheet IN ('sites', 'schemes')", name="sheet"),
        Index(None, "organisation", "workbook_id"),
    )

    workbook_id: Mapped[int] = mapped_column(ForeignKey("estate_workbook.id"), primary_key=True)
    sheet: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    site_name: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    pence: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    finding: Mapped[str] = mapped_column(Text)


class EstateReturn(Base):
    """What one organisation has in a workbook, each time that it was stated. Of a year the one stated last counts."""

    __tablename__ = "estate_return"
    __table_args__ = (
        Index("ix_estate_return_latest", "financial_year", "organisation", "stated_at", "workbook_id"),
        CheckConstraint("sites >= sites_without_figure AND sites_without_figure >= 0", name="sites"),
    )

    workbook_id: Mapped[int] = mapped_column(ForeignKey("estate_workbook.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    financial_year: Mapped[int]
    sites: Mapped[int]
    sites_without_figure: Mapped[int]
    schemes: Mapped[int]
    high_pence: Mapped[int] = mapped_column(BigInteger)
    significant_pence: Mapped[int] = mapped_column(BigInteger)
    moderate_pence: Mapped[int] = mapped_column(BigInteger)
    low_pence: Mapped[int] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    event: Mapped[str] = mapped_column(Text)
