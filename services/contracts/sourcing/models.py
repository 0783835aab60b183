"""Tables of sourcing: how a function of a body is done, stated in two times."""

from sqlalchemy import Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.contracts.core.models import Base


class SourcedFunction(Base):
    """A function of a body on which it has decided; the timeline `sourced_function` says how, and when."""

    __tablename__ = "sourced_function"
    __table_args__ = (UniqueConstraint("organisation", "function"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    function: Mapped[str] = mapped_column(Text)


decisions = Timeline(Base.metadata, "sourced_function")
"""Subject: a function of a body. The decision as JSON: the fields of `rules.Decided`."""
