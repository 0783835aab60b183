"""The tables of previews: who asked for one, its file until it is read, and the pages of its result."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, DateTime, ForeignKey, Identity, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base, one_of
from services.registry.imports.views import PreviewState

_NOW = text("clock_timestamp()")


class PreviewPart(StrEnum):
    """The lists of a result."""

    BODIES = "bodies"
    REFUSED = "refused"
    ODD = "odd"


class PreviewRequest(Base):
    """A preview that a caller asked for. `alive_at` is when whoever receives or runs it last said so."""

    __tablename__ = "import_preview"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Uuid(as_uuid=False), unique=True)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    file: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    """The key of the format that was given, empty where it is to be recognised."""
    stated_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[PreviewState] = mapped_column(one_of(PreviewState, "state"))
    alive_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"), init=False)
    progress: Mapped[str | None] = mapped_column(Text, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    result: Mapped[str | None] = mapped_column(Text, default=None)
    """What was found, as JSON; its lists are rows of their own."""


class ImportUpload(Base):
    """A part of the file of a preview, until it is read."""

    __tablename__ = "import_upload"

    preview_id: Mapped[int] = mapped_column(ForeignKey("import_preview.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportPreviewRow(Base):
    """A row of a list of a result, as JSON."""

    __tablename__ = "import_preview_row"

    preview_id: Mapped[int] = mapped_column(ForeignKey("import_preview.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[PreviewPart] = mapped_column(one_of(PreviewPart, "part"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    verdict: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
