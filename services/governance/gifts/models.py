"""Tables of gifts and hospitality: what was offered and how it was answered, never changed; words apart."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class GiftKind(StrEnum):
    """What was offered."""

    GIFT = "gift"
    CASH = "cash"
    """Cash, or what is as good as cash, such as a voucher."""
    HOSPITALITY = "hospitality"


class GiverKind(StrEnum):
    """Who offered it."""

    SUPPLIER = "supplier"
    """Who supplies the organisation, or may."""
    OTHER = "other"
    """A patient, or another."""


class Response(StrEnum):
    """What was done."""

    ACCEPTED = "accepted"
    FOR_ORGANISATION = "accepted_for_organisation"
    DECLINED = "declined"


class GiftOutcome(StrEnum):
    """What the rule pack makes of an offer."""

    KEEP = "keep"
    DECLINE = "decline"
    ORGANISATION_ONLY = "organisation_only"
    ACCEPT = "accept"
    REFUSE_UNLESS_APPROVED = "refuse_unless_approved"
    NOT_MODEST = "not_modest"
    """Hospitality beyond what is modest; what else follows is not known."""


class Gift(Base):
    """What a person was offered on a day, for the register of an organisation; one that `replaces` another corrects it.

    `giver` is a code or a person's id, empty where it is not named. What it was lies in `gift_words`.
    """

    __tablename__ = "gift"
    __table_args__ = (
        Index(None, "organisation", "id"),
        Index(None, "person_id", "giver"),
        Index("uq_gift_replaces", "replaces", unique=True, postgresql_where=text("replaces <> ''")),
        CheckConstraint("value_pence >= 0", name="value_of_something"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    organisation: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    giver_kind: Mapped[str] = mapped_column(Text)
    giver: Mapped[str] = mapped_column(Text)
    promotional: Mapped[bool]
    value_pence: Mapped[int] = mapped_column(BigInteger)
    offered_on: Mapped[date] = mapped_column(Date)
    response: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str] = mapped_column(Text)
    declared_on: Mapped[date] = mapped_column(Date)
    replaces: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purged_on: Mapped[date | None] = mapped_column(Date, default=None)
    version: Mapped[int] = mapped_column(default=1)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class GiftWords(Base):
    """What a gift was, in words. Purging it removes the row."""

    __tablename__ = "gift_words"

    gift_id: Mapped[int] = mapped_column(ForeignKey("gift.id"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
