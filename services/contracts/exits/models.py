"""Tables of exits: notices, offers to end, staff lists and exit plans; every row is kept as it was stated.

What a party does later about a notice or an offer is a row of its own: what stands on a day follows from all of them.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class ExitSide(StrEnum):
    """The two sides of a contract."""

    CUSTOMERS = "customers"
    SUPPLIER = "supplier"


class ExitNotice(Base):
    """A notice as it was served: by whom, when, in which form, for which end.

    `functions` and `leaving` are what ends and whose part ends, empty for the whole. `faults` are the reasons for which
    it has no effect; a notice with any changes nothing. `plan` is the consolidation that served it, whose move ends the
    contract; None where the contract ends on the day by itself.
    """

    __tablename__ = "exit_notice"
    __table_args__ = (CheckConstraint("side IN ('customers', 'supplier')", name="known_side"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    side: Mapped[str] = mapped_column(Text)
    served_by: Mapped[str] = mapped_column(Text)
    served_on: Mapped[date]
    deemed_on: Mapped[date]
    exit_day: Mapped[date]
    form: Mapped[str] = mapped_column(Text)
    proof: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    leaving: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    faults: Mapped[list[str]] = mapped_column(ARRAY(Text))
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    plan: Mapped[str | None] = mapped_column(Text, default=None)


class NoticeAct(Base):
    """What came of a notice: the other side's consent to its withdrawal, the withdrawal, or the end that it brought."""

    __tablename__ = "exit_notice_act"
    __table_args__ = (CheckConstraint("act IN ('consent', 'withdrawal', 'end')", name="known_act"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    notice_id: Mapped[int] = mapped_column(ForeignKey("exit_notice.id"), index=True)
    act: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    agreement: Mapped[str | None] = mapped_column(Text)
    acted_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class TerminationOffer(Base):
    """An offer to end a contract, or a part of it, on a day at a price; it binds once the other side accepts it."""

    __tablename__ = "termination_offer"
    __table_args__ = (CheckConstraint("side IN ('customers', 'supplier')", name="known_side"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    side: Mapped[str] = mapped_column(Text)
    offered_by: Mapped[str] = mapped_column(Text)
    exit_day: Mapped[date]
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    leaving: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str] = mapped_column(Text)
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    offered_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class OfferAct(Base):
    """What came of an offer: the other side's acceptance, or that it was recalled before."""

    __tablename__ = "termination_offer_act"
    __table_args__ = (
        CheckConstraint("act IN ('acceptance', 'recall')", name="known_act"),
        Index("uq_termination_offer_act_settled", "offer_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    offer_id: Mapped[int] = mapped_column(ForeignKey("termination_offer.id"))
    act: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    acted_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class PartEnd(Base):
    """That a part of a contract ended on its day, by a notice or an accepted offer (`cause`), at which price.

    `functions` and `leaving` are as they were named; an empty price where the part had ended otherwise before.
    """

    __tablename__ = "part_end"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    cause: Mapped[str] = mapped_column(Text, unique=True)
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    leaving: Mapped[list[str]] = mapped_column(ARRAY(Text))
    exit_day: Mapped[date]
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class ExitPaper(Base):
    """A staff list, an exit plan, a step done, a receipt for returned data, or final amounts; the later one counts.

    `content` has no names of people. A receipt is one row for each item, a step done one for each step,
    final amounts one for each side.
    """

    __tablename__ = "exit_paper"
    __table_args__ = (
        CheckConstraint("kind IN ('staff', 'plan', 'step', 'receipt', 'settlement')", name="known_kind"),
        Index(None, "contract_id", "kind", "stated_at"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    kind: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class NoticeWatch(Base):
    """When the window of a contract is looked at next: on its day, and whenever the contract or the pack is another."""

    __tablename__ = "notice_watch"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    version: Mapped[int]
    pack: Mapped[str] = mapped_column(Text)
    look_on: Mapped[date] = mapped_column(index=True)


class ContractClosure(Base):
    """That the file of a contract was closed after its end; never changed."""

    __tablename__ = "contract_closure"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    closed_on: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class ContractExtension(Base):
    """An option to extend that was used: the contract runs from `from_day` to `last_day` by it; never changed."""

    __tablename__ = "contract_extension"
    __table_args__ = (CheckConstraint("last_day >= from_day", name="ends_after_it_starts"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    from_day: Mapped[date]
    last_day: Mapped[date]
    authority: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
