"""Tables of keys by which backlog is divided among footprints."""

from sqlalchemy import Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.finance.core.models import Base

ONE_FACET = 1


class EstateKey(Base):
    """A key by which backlog of bodies in several footprints is divided; `estate_key_belief` has its content by day."""

    __tablename__ = "estate_key"
    __table_args__ = (UniqueConstraint("organisation", "name"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)


class EstateKeyContent(Base):
    """The source and weights of keys, by their SHA-256: too long for the index of a timeline's statements."""

    __tablename__ = "estate_key_content"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    weights: Mapped[str] = mapped_column(Text)
    """JSON: lists of organisation, footprint and weight."""


keys = Timeline(Base.metadata, "estate_key")
"""Subject: a key. The digest of its content."""
