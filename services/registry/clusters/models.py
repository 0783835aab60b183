"""Clusters of integrated care boards, which stay separate legal bodies."""

from sqlalchemy import Identity, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.registry.core.base import Base


class Cluster(Base):
    """ICBs that share posts. A cluster is not a legal person, so its reference is not an ODS code.

    The days on which it stands are on its timeline.
    """

    __tablename__ = "cluster"
    __table_args__ = (Index(None, "icbs", postgresql_using="gin"),)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    icbs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(Integer, default=1)


cluster_time = Timeline(Base.metadata, "cluster_time")
"""On which days each cluster stands (`STANDS`), in both times."""

STANDS = "stands"
