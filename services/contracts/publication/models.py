"""Tables of what is published: which contracts, and the releases that were given out, which are never changed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class ContractPublication(Base):
    """That the customers of a contract publish it, under which ocid; a novated contract has that of the one before.

    `seen_version` and `look_on` say when it is looked at next: where the contract is another, and on that day.
    """

    __tablename__ = "contract_publication"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    ocid: Mapped[str] = mapped_column(Text, index=True)
    published_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    seen_version: Mapped[int]
    look_on: Mapped[date | None] = mapped_column(index=True)


class OcdsRelease(Base):
    """One release, with the text that is given out. `customers` are those of its day; `released_at` is its date."""

    __tablename__ = "ocds_release"
    __table_args__ = (
        Index(None, "ocid", "id"),
        Index(None, "contract_id", "id"),
        Index(None, "customers", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    release: Mapped[str] = mapped_column(Text, unique=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    ocid: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    released_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    customers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    document: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
