"""What a proposal says of a contract, and what it leaves open: pure functions."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final

from libs.common.errors import DomainError, Reason
from services.contracts.contract_proposals.errors import OtherParties
from services.contracts.contract_proposals.models import Evidence, ProposalSource

_REFERENCE_HEX: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProposal:
    """What a source lets one infer of a contract; None: it does not say it.

    `key` identifies it in its source, for ever: what is proposed twice is there once.
    """

    source: ProposalSource
    key: str
    customer_as_published: str
    supplier_as_published: str
    customer: str | None = None
    supplier: str | None = None
    title: str | None = None
    starts_on: date | None = None
    last_day: date | None = None
    value_pence: int | None = None
    evidence: tuple[Evidence, ...] = field(default_factory=tuple)

    @property
    def reference(self) -> str:
        """The reference by which it is read: the same for the same key."""
        digest = sha256(f"{self.source}\n{self.key}".encode()).hexdigest()[:_REFERENCE_HEX].upper()
        return f"{_PREFIXES[self.source]}-{digest}"


_PREFIXES: Final = {ProposalSource.OCDS_AWARD: "AWARD", ProposalSource.PAYMENTS: "PAID"}

NEVER_SAID: Final = ("lines", "notice_months")
"""What neither an award nor a payment says of a contract: its functions with their charges, and how it may be left."""


@dataclass(frozen=True, slots=True)
class ProposedTerms:
    """What is known of the terms; None: unknown."""

    customer: str | None
    supplier: str | None
    title: str | None
    starts_on: date | None
    last_day: date | None
    value_pence: int | None

    @property
    def unknown(self) -> list[str]:
        """Name what a contract has and the evidence does not say, as a request that confirms it names its fields."""
        said = {
            "customers": self.customer,
            "supplier": self.supplier,
            "title": self.title,
            "starts_on": self.starts_on,
            "last_day": self.last_day,
        }
        return [*(name for name, value in said.items() if value is None), *NEVER_SAID]


def why_other_parties(
    customers_of_it: Collection[str], suppliers_of_it: Collection[str], customers: Collection[str], supplier: str
) -> list[DomainError]:
    """Return the reasons why a contract of these parties is not the proposed one; an unknown party contradicts none.

    The first two are the proposal's party with those who have taken it over whole; empty where it is unknown.
    """
    messages = []
    if customers_of_it and not set(customers_of_it).intersection(customers):
        messages.append((f"none of {', '.join(customers)} is {' or '.join(sorted(customers_of_it))}", "customers"))
    if suppliers_of_it and supplier not in suppliers_of_it:
        messages.append((f"{supplier} is not {' or '.join(sorted(suppliers_of_it))}", "supplier"))
    return [OtherParties(message, reasons=[Reason(message, field)]) for message, field in messages]
