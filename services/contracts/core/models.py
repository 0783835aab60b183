"""Tables of contracts: lines, customers, transfers and consolidations, and copies of other services' data.

Once signed, a contract's text does not change. Whether it runs (`life`) and its customers (`customership`) are recorded
in both times. A draft is work in progress: only its present state is stored.
"""

from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    event,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

from libs.common.database.connection import service_metadata
from libs.common.errors import DomainError, Reason
from libs.common.temporal.timeline import Timeline
from libs.organisations.projection import KnownOrganisations
from services.contracts.core.acts import RecordedAct
from services.contracts.core.errors import (
    ContractAlreadyEnded,
    ExitOutsideTerm,
    NotADraft,
    NoticeNotYetServed,
    NoticeTooLate,
    NotSigned,
    StatedBeforeSignature,
)
from services.contracts.core.notice import earliest_exit, last_notice_day
from services.contracts.core.shares import IS_WHOLE


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """All tables of this service."""

    metadata = service_metadata()


known = KnownOrganisations(Base.metadata)
life = Timeline(Base.metadata, "contract_life")
"""Subject: a contract. `active` while it runs; `terminated` or `replaced` from the first day without service."""
customership = Timeline(Base.metadata, "contract_customer")
"""Subject: a contract's customer. `customer` on the days on which it is one."""
supply = Timeline(Base.metadata, "contract_supplier")
"""Subject: a contract. Its supplier since another body took over the one that signed."""


@event.listens_for(Base.metadata, "before_create")
def _define_functions(_: MetaData, connection: Connection, **__: object) -> None:
    """Create what the checks of the tables call, before the tables."""
    connection.exec_driver_sql(IS_WHOLE)


terms = Timeline(Base.metadata, "contract_terms", long_values=True)
"""Subject: a contract. Its lines from the day on which an amendment changed them, as JSON: see `charges`."""
condition = Timeline(Base.metadata, "contract_condition", long_values=True)
"""Subject: a contract. Its notice, exit terms and further parties since an amendment, as JSON: see `conditions`."""
sharing = Timeline(Base.metadata, "contract_share", check="share_table_is_whole(value)", long_values=True)
"""Subject: a contract. The whole table of shares of a day, one facet a kind: see `shares`."""
coordination = Timeline(Base.metadata, "contract_coordinator")
"""Subject: a contract. Its coordinating commissioner: the customer that acts for all of them."""

FACET = 1
"""Each timeline has one facet only."""

_PARTIES = """
SELECT customer_code AS code FROM contract_customer WHERE customer_code = ANY($1)
 UNION
SELECT supplier_code FROM contract WHERE supplier_code = ANY($1)
 UNION
SELECT value FROM contract_supplier_belief WHERE value = ANY($1)
 UNION
SELECT code FROM change_of_hands h, unnest(h.from_customers) AS code WHERE h.from_customers && $1 AND code = ANY($1)
"""


async def parties_among(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Lock the known organisations of these codes; return those that are or were a party of a contract or draft."""
    await known.lock(connection, codes)
    return {row["code"] for row in await connection.fetch(_PARTIES, sorted(codes))}


class Status(StrEnum):
    """The status of a contract. `active` and `expired` follow from the day and are never stored.

    `conditional`, and `lapsed` where it will never run, follow from a signature of a body that was not established.
    """

    DRAFT = "draft"
    CONDITIONAL = "conditional"
    LAPSED = "lapsed"
    SIGNED = "signed"
    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REPLACED = "replaced"


class ContractLine(Base):
    """One function that a contract supplies, and its charge a year in pence."""

    __tablename__ = "contract_line"
    __table_args__ = (CheckConstraint("annual_pence >= 0", name="no_negative_charge"),)

    contract_id: Mapped[int] = mapped_column(
        ForeignKey("contract.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    function: Mapped[str] = mapped_column(Text, primary_key=True)
    annual_pence: Mapped[int] = mapped_column(BigInteger)


class ContractCustomer(Base):
    """An organisation that is, was or will be a customer; once the contract is signed, `customership` says when."""

    __tablename__ = "contract_customer"
    __table_args__ = (UniqueConstraint("contract_id", "customer_code"), Index(None, "customer_code"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"), init=False)
    customer_code: Mapped[str] = mapped_column(Text)


class Side(StrEnum):
    """The side of a contract that a party signs for."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class Signature(Base):
    """The signature of one party, as recorded: never changed. One of an earlier text of the draft no longer counts.

    `source` is `party` where the party recorded it itself, `loader` where a loader did so from the document, and
    `customer` where a customer recorded that of a supplier which the draft makes no signatory. `authority` is the
    minute by which the party decided to sign.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("contract_id", "party_code", "role", "text_version"),
        CheckConstraint("role IN ('customer', 'supplier')", name="known_role"),
        CheckConstraint("source IN ('party', 'loader', 'customer')", name="known_source"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"))
    party_code: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    text_version: Mapped[int]
    signed_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text, default=None)
    authority: Mapped[str | None] = mapped_column(Text, default=None)


class Contract(Base):
    """A support contract between one supplier and one or more customers.

    `last_day` is the agreed one, `term_end` that of the term that a renewal or an extension has led to, and `exit_day`
    the real last day of service where it ends earlier. `notice_rule` names the
    rule pack where the contract itself states no period. `value_basis` is `stated`, with its source, or `illustrative`,
    where no source gives the charges. `exit_reason` is a code of a rule pack; its note, like every document, is private
    to the parties.

    `committed_at` is when all had signed, of whom some were `not_established`: it stays a draft whose text is settled
    until these bodies have ratified it.

    `care_model` is what it states of a new care model, by the rule pack of its first day: see `core.care_models`.

    `drafted_for` are the customers for whom its author acted: they alone read the draft until it is awarded.
    `drafted_shares` are its tables by kind, until the signature states them. `text_version` counts the texts of the
    draft, of which a signature signs one. `coordinator_code` is the coordinating
    commissioner as drafted; from the signature on `coordination` says who it is.
    """

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("last_day >= starts_on", name="ends_after_it_starts"),
        # A contract that renewed ends after the last day of its first term.
        CheckConstraint("exit_day >= starts_on", name="exit_within_term"),
        CheckConstraint("notice_months >= 0", name="no_negative_notice"),
        CheckConstraint("status IN ('draft', 'signed', 'terminated', 'replaced')", name="known_status"),
        CheckConstraint("(status IN ('terminated', 'replaced')) = (exit_day IS NOT NULL)", name="ended_has_exit"),
        CheckConstraint("(status = 'draft') = (signed_on IS NULL)", name="signed_has_day"),
        CheckConstraint("(awarded_on IS NULL) = (awarded_at IS NULL)", name="awarded_has_day"),
        CheckConstraint(
            "value_basis = 'illustrative' OR (value_basis = 'stated' AND value_source IS NOT NULL)",
            name="stated_has_source",
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    supplier_code: Mapped[str] = mapped_column(Text, index=True)
    starts_on: Mapped[date]
    last_day: Mapped[date]
    notice_months: Mapped[int]
    value_basis: Mapped[str] = mapped_column(Text)
    drafted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    notice_rule: Mapped[str | None] = mapped_column(Text, default=None)
    earliest_exit_on: Mapped[date | None] = mapped_column(default=None)
    value_source: Mapped[str | None] = mapped_column(Text, default=None)
    exit_terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    status: Mapped[str] = mapped_column(Text, default=Status.DRAFT.value)
    signed_on: Mapped[date | None] = mapped_column(default=None)
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    signature_document: Mapped[str | None] = mapped_column(Text, default=None)
    term_end: Mapped[date | None] = mapped_column(default=None)
    exit_day: Mapped[date | None] = mapped_column(default=None)
    exit_reason: Mapped[str | None] = mapped_column(Text, default=None)
    exit_note: Mapped[str | None] = mapped_column(Text, default=None)
    exit_agreement: Mapped[str | None] = mapped_column(Text, default=None)
    notice_served_on: Mapped[date | None] = mapped_column(default=None)
    notice_document: Mapped[str | None] = mapped_column(Text, default=None)
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("contract.id"), default=None, index=True)
    version: Mapped[int] = mapped_column(default=1)
    drafted_for: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default="{}")
    supplier_signs: Mapped[bool] = mapped_column(default=False, server_default=false())
    coordinator_code: Mapped[str | None] = mapped_column(Text, default=None)
    text_version: Mapped[int] = mapped_column(default=1, server_default="1")
    awarded_on: Mapped[date | None] = mapped_column(default=None)
    awarded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    drafted_shares: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    committed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    not_established: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default="{}")
    form: Mapped[str | None] = mapped_column(Text, default=None)
    indexation: Mapped[str | None] = mapped_column(Text, default=None)
    price_year: Mapped[str | None] = mapped_column(Text, default=None)
    procurement: Mapped[str | None] = mapped_column(Text, default=None)
    care_model: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    other_parties: Mapped[list[dict[str, str]]] = mapped_column(
        JSONB, default_factory=list, server_default=text("'[]'")
    )
    lines: Mapped[list[ContractLine]] = relationship(
        default_factory=list, cascade="all, delete-orphan", lazy="raise", repr=False, order_by=ContractLine.function
    )
    named_customers: Mapped[list[ContractCustomer]] = relationship(
        default_factory=list, cascade="all, delete-orphan", lazy="raise", repr=False
    )

    @property
    def annual_pence(self) -> int:
        """The charge of all lines a year."""
        return sum(line.annual_pence for line in self.lines)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions supplied, ordered by code."""
        return tuple(sorted(line.function for line in self.lines))

    @property
    def ends_on(self) -> date:
        """The last day of service as known now."""
        return self.exit_day or self.term_end or self.last_day

    def must_be_draft(self) -> None:
        """Raise NotADraft once it is signed, be it conditionally."""
        if self.status != Status.DRAFT:
            raise NotADraft(f"{self.reference} is {self.status}")
        if self.committed_at is not None:
            raise NotADraft(f"{self.reference} is {Status.CONDITIONAL}: {', '.join(self.not_established)}")

    def sign(self, day: date, document: str | None, *, stated_at: datetime) -> None:
        """Make a draft binding, from the last signature that it needed."""
        self.status, self.signed_on, self.signed_at = Status.SIGNED.value, day, stated_at
        self.signature_document = document

    def why_not_end(self, stated_at: datetime) -> list[DomainError]:
        """Return the reasons why this contract cannot be ended at all."""
        if self.status == Status.DRAFT:
            return [NotSigned(f"{self.reference} is a draft")]
        if self.status != Status.SIGNED:
            return [ContractAlreadyEnded(f"{self.reference} is {self.status}: its last day is {self.ends_on}")]
        if self.signed_at and stated_at < self.signed_at:
            return [StatedBeforeSignature(f"{self.reference} was signed as known since {self.signed_at.isoformat()}")]
        return []

    def why_not_exit_on(self, exit_day: date) -> list[DomainError]:
        """Return the reasons against this last day of service, apart from notice."""
        renews = (self.exit_terms or {}).get("renewal_months") is not None
        if self.starts_on <= exit_day and (renews or exit_day < (self.term_end or self.last_day)):
            return []
        message = f"{self.reference} runs from {self.starts_on} to {self.last_day}, and {exit_day} is no earlier end"
        return [ExitOutsideTerm(message, reasons=[Reason(message, "last_day")])]

    def why_not_served_on(self, notice: RecordedAct) -> list[DomainError]:
        """Return the reason against the day of this notice."""
        if notice.day <= notice.recorded_on and not (self.signed_on and notice.day < self.signed_on):
            return []
        message = f"notice of {self.reference} on {notice.day}: signed on {self.signed_on}, now {notice.recorded_on}"
        return [NoticeNotYetServed(message, reasons=[Reason(message, "notice_served_on")])]

    def why_notice_does_not_allow(
        self, exit_day: date, notice: RecordedAct, *, months: int, not_before: date | None
    ) -> list[DomainError]:
        """Return the reason against this last day of service on this notice (rule EXIT-1), by the terms of its day."""
        earliest = earliest_exit(notice.counts_from, months, not_before=not_before)
        if exit_day >= earliest:
            return []
        message = (
            f"{self.reference} needs {months} months' notice ({self.notice_rule or 'as it states'}): "
            f"served on {notice.day} and counted from {notice.counts_from}, the earliest exit is {earliest}; "
            f"to end with {exit_day}, notice was due by {last_notice_day(exit_day, months)}"
        )
        if not_before and exit_day < not_before:
            message += f", and the contract allows no exit before {not_before}"
        return [NoticeTooLate(message, reasons=[Reason(message, "last_day")])]

    def end(self, status: Status, exit_day: date, *, reason: str, note: str | None, agreement: str | None) -> None:
        """End it early, as `terminated` or `replaced`, with `exit_day` as the last day of service."""
        self.status, self.exit_day = status.value, exit_day
        self.exit_reason, self.exit_note, self.exit_agreement = reason, note, agreement
        self.version += 1


class ChangeOfHands(Base):
    """A transfer from `from_customers` to `to_customer` by a merger or its undoing; `customers` are all after it.

    `merger` is its reference, or who followed whom where it has none. `customers_before` are all before it, None where
    an earlier version recorded the change and no row tells them.

    `event` is the ContractTransferred that was published (none for a draft), `caused_by` the event that caused it.
    `schemes` are the property schemes last published with it, in the order of `from_customers`.
    """

    __tablename__ = "change_of_hands"
    __table_args__ = (
        UniqueConstraint(
            "contract_id", "merger", "effective_on", "to_customer", "stated_at", name="uq_change_of_hands_stated"
        ),
        Index(None, "from_customers", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"))
    merger: Mapped[str] = mapped_column(Text)
    from_customers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    to_customer: Mapped[str] = mapped_column(Text)
    customers_before: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    customers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    caused_by: Mapped[str] = mapped_column(Text)
    event: Mapped[str | None] = mapped_column(Text, default=None)
    schemes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), default_factory=list)


class Consolidation(Base):
    """A shared service that replaced several contracts, with their old charge and its new one."""

    __tablename__ = "consolidation"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    previous_annual_pence: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    agreement: Mapped[str | None] = mapped_column(Text, default=None)
