"""Copies of the registry's legal forms and populations."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, Identity, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.contracts.core.models import Base

legal_forms = Timeline(Base.metadata, "known_legal_form")
"""Subject: a `KnownBody`."""


class KnownBody(Base):
    """A body of which the registry published a legal form."""

    __tablename__ = "known_body"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)


class KnownPopulation(Base):
    """A source's count of a body's people, on one basis. Never changed."""

    __tablename__ = "known_population"
    __table_args__ = (
        UniqueConstraint(
            "code", "basis", "effective_on", "stated_at", "source", "people", name="uq_known_population_stated"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date]
    people: Mapped[int] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rank: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
