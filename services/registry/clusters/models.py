"""Clusters of integrated care boards, which stay separate legal bodies."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.registry.core.base import Base


class Cluster(Base):
    """ICBs that share posts. A cluster is not a legal person, so its reference is not an ODS code.

    It stands when all of its ICBs have agreed to it (`ClusterAct`), from the day that was proposed; the days on which
    it stands are on its timeline.
    """

    __tablename__ = "cluster"
    __table_args__ = (Index(None, "icbs", postgresql_using="gin"),)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    icbs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    proposed_from: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, default=1)


class ClusterAct(Base):
    """An ICB's own act: it agreed to a proposed cluster, or refused it. Never changed."""

    __tablename__ = "cluster_act"
    __table_args__ = (Index(None, "cluster_id", "icb", unique=True, postgresql_where=text("agrees")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id"), index=True)
    icb: Mapped[str] = mapped_column(Text)
    agrees: Mapped[bool] = mapped_column(Boolean)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


cluster_time = Timeline(Base.metadata, "cluster_time")
"""On which days each cluster stands (`STANDS`), in both times."""

STANDS = "stands"
