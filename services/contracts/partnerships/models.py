"""The table of comparisons of routes. A row is never changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class RouteComparison(Base):
    """What a project costs on each route, in pence of net present cost, and the route that was chosen."""

    __tablename__ = "route_comparison"
    __table_args__ = (
        CheckConstraint("sep_pence >= 0 AND framework_pence >= 0 AND stand_alone_pence >= 0", name="no_negative_cost"),
        CheckConstraint("chosen IN ('sep', 'framework', 'stand_alone')", name="known_route"),
        Index(None, "organisation"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation: Mapped[str] = mapped_column(Text)
    partnership: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    sep_pence: Mapped[int | None] = mapped_column(BigInteger)
    framework_pence: Mapped[int | None] = mapped_column(BigInteger)
    stand_alone_pence: Mapped[int | None] = mapped_column(BigInteger)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    chosen: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date]
    document: Mapped[str | None] = mapped_column(Text)
    rule_pack: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
