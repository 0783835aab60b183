"""Tables of published payments, of names under which bodies are published, and of the totals last published."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.contracts.core.models import Base

_NOW = text("clock_timestamp()")


class Flag(StrEnum):
    """What is odd about a payment, which is taken all the same."""

    REVERSAL = "reversal"
    DUPLICATE = "duplicate"
    DAY_MISSING = "day_missing"
    DAY_UNREADABLE = "day_unreadable"
    DAY_AMBIGUOUS = "day_ambiguous"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_UNREADABLE = "amount_unreadable"
    SUPPLIER_MISSING = "supplier_missing"
    STRAY_TEXT = "stray_text"


class PaymentImport(Base):
    """A file of payments that a caller asked to import. `alive_at` is when whoever imports it last said so."""

    __tablename__ = "payment_import"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'refused', 'failed')", name="known_state"),
        Index(None, "sha256"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Uuid(as_uuid=False), unique=True)
    file: Mapped[str] = mapped_column(Text)
    payer: Mapped[str | None] = mapped_column(Text)
    """The payer of every line, where the file names none."""
    content: Mapped[bytes | None]
    """Its bytes, until they are imported."""
    sha256: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    correlation: Mapped[str] = mapped_column(Text)
    causation: Mapped[str] = mapped_column(Text)
    alive_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    stated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """From when its payments are known: a loader's instant, else that of its import."""
    state: Mapped[str] = mapped_column(Text, default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    progress: Mapped[str | None] = mapped_column(Text, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    lines: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    """Lines that an earlier import of the same publication brought."""
    refused: Mapped[int] = mapped_column(default=0)


class RefusedPaymentLine(Base):
    """A line of a file that is no payment, with the reason. A row is never changed."""

    __tablename__ = "payment_import_refusal"

    import_id: Mapped[int] = mapped_column(ForeignKey("payment_import.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class PublishedPayment(Base):
    """A line of a publication. Of a row only the flag `duplicate` is ever changed: of equal lines the first has none.

    `content` is a digest of what the line says; the same content again in one publication has the next `occurrence`.
    """

    __tablename__ = "published_payment"
    __table_args__ = (
        UniqueConstraint("content", "publication", "occurrence"),
        Index(None, "payer_code", "paid_on"),
        Index(None, "payer_key"),
        Index(None, "supplier_key"),
        Index(None, "import_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    import_id: Mapped[int] = mapped_column(ForeignKey("payment_import.id"))
    line: Mapped[int]
    publication: Mapped[str] = mapped_column(Text)
    payer: Mapped[str] = mapped_column(Text)
    payer_code: Mapped[str | None] = mapped_column(Text)
    payer_key: Mapped[str] = mapped_column(Text)
    day_text: Mapped[str] = mapped_column(Text)
    paid_on: Mapped[date | None]
    supplier: Mapped[str] = mapped_column(Text)
    supplier_key: Mapped[str] = mapped_column(Text)
    amount_text: Mapped[str] = mapped_column(Text)
    amount_pence: Mapped[int | None] = mapped_column(BigInteger)
    expense_type: Mapped[str] = mapped_column(Text)
    expense_area: Mapped[str] = mapped_column(Text)
    transaction_number: Mapped[str] = mapped_column(Text)
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    content: Mapped[bytes]
    occurrence: Mapped[int]


class NameAlias(Base):
    """A name under which payers or suppliers are published, in capitals and single spaces."""

    __tablename__ = "name_alias"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    name: Mapped[str] = mapped_column(Text, unique=True)


CODE = 1
"""The one facet of a name: the code of the body that it names."""

aliases = Timeline(Base.metadata, "name_alias")
"""Subject: a name. Value: an ODS code."""


class SpendTotal(Base):
    """What was last published of a payer, a supplier, a contract ("" where none is confirmed) and a month."""

    __tablename__ = "spend_total"
    __table_args__ = (Index(None, "supplier"),)

    payer: Mapped[str] = mapped_column(Text, primary_key=True)
    supplier: Mapped[str] = mapped_column(Text, primary_key=True)
    contract: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int]
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    duplicate_pence: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
