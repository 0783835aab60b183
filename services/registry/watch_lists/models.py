"""The table of watch lists: codes, and footprints with everything below them."""

from datetime import datetime

from sqlalchemy import DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base


class WatchList(Base):
    """A caller's watch list. `footprints` are codes watched with everything below them on the day."""

    __tablename__ = "watch_list"
    __table_args__ = (Index(None, "owner", "name", unique=True),)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    owner: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    footprints: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(Integer, default=1)
    made_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
