"""The table of flips: which frozen version was looked at under which pack, so that each is published once."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base


class FlipCheck(Base):
    """A frozen version was appraised under a pack that was stated after it; whether its decision would flip."""

    __tablename__ = "flip_check"
    __table_args__ = (UniqueConstraint("frozen_version_id", "pack"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    frozen_version_id: Mapped[int] = mapped_column(ForeignKey("frozen_version.id"))
    pack: Mapped[str] = mapped_column(Text)
    flips: Mapped[bool]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
