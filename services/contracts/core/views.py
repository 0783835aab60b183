"""Answers about contracts."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.core.care_models import CareModel
from services.contracts.core.codes import Form, Line
from services.contracts.core.conditions import OtherParty
from services.contracts.core.exit_terms import ExitTerms
from services.contracts.core.models import Side, Status
from services.contracts.core.states import End, State


class View(BaseModel):
    """Anything shown."""

    model_config = ConfigDict(from_attributes=True)


class PartyView(View):
    """A party, by the registry's events, as at the day. `unknown`: the registry does not have it."""

    code: str
    name: str
    status: str = Field(description="`unknown`, `proposed`, `open` or `closed` as at the day.")


class EarlyEndView(View):
    """The reason why a contract ends before the agreed last day."""

    reason: str | None = Field(description="A code of `GET /exit-reasons`.")
    note: str | None = Field(description="The parties' own words.")
    notice_served_on: date | None
    notice_document: str | None = Field(description="The paper that shows a notice of an earlier day.")
    agreement: str | None
    replaced_by: str | None = Field(description="Reference of the contract that took its place.")


class SignatureView(View):
    """One party's signature of the contract, or of the present text of a draft."""

    party: str
    role: Side = Field(description="The side for which it signed.")
    signed_on: date
    document: str | None = Field(description="The paper that shows it.")
    authority: str | None = Field(description="The minute by which the party decided to sign.")
    source: Literal["party", "loader", "customer"] = Field(
        description="Who recorded it: the party itself, a loader from the document, or a customer for the supplier."
    )


class StateView(View):
    """The state of a contract on a day, and how it ended where it has."""

    state: State = Field(description="`exiting`: its end is certain and service still runs.")
    end: End | None = Field(description="How it ended; null while it has not.")


class ContractView(View):
    """A contract as at a day, as known at an instant."""

    reference: str
    title: str
    status: Status = Field(description="As at the day: `active` and `expired` follow from it.")
    state: StateView = Field(description="The same with what is under way, by the acts that are known.")
    supplier: PartyView
    customers: list[PartyView] = Field(description="The customers as at the day.")
    lines: list[Line]
    annual_pence: int = Field(description="Charge of all lines a year, in pence.")
    value_basis: str = Field(description="`stated` (see value_source), or `illustrative` where no source gives it.")
    value_source: str | None
    starts_on: date
    last_day: date = Field(description="The last day agreed; 2199-12-31 where the contract is open-ended.")
    ends_on: date = Field(description="The last day of service, as it was known.")
    early_end: EarlyEndView | None
    notice_months: int
    notice_rule: str | None = Field(description="The rule pack that gives the period; null where the contract does.")
    earliest_exit_on: date | None
    exit_terms: ExitTerms | None = Field(description="null where the contract states none beyond its notice.")
    other_parties: list[OtherParty] = Field(description="Guarantors and hosts; they do not read the contract by it.")
    signed_on: date | None
    signature_document: str | None = Field(description="The paper that shows a signature of an earlier day.")
    signatures: list[SignatureView] = Field(description="Who has signed; a draft is binding once every signatory has.")
    supplier_signs: bool = Field(description="Whether the supplier is a signatory.")
    not_established: list[str] = Field(
        description="Customers that signed before they were established: it is conditional until they ratify it."
    )
    awarded_on: date | None = Field(description="Day from which all whom the draft names read it.")
    coordinating_commissioner: str | None = Field(
        description="The customer that acts for all of them as at the day; null for a single customer."
    )
    form: Form | None
    indexation: str | None = Field(description="How the charge rises each year.")
    price_year: str | None = Field(description="The financial year in whose prices the charge is.")
    procurement: str | None = Field(description="Reference of the procurement that led to it.")
    care_model: CareModel | None = Field(description="Of the form `care_model`; null: it states none.")
    version: int | None = Field(
        description="The current version, for If-Match; null for who is no longer a party, and with `as_known`."
    )
    as_at: date
    as_known: datetime | None = Field(description="null: as known now.")


class CustomerPeriodView(View):
    """A customer with its days, known from `known_from` until `known_to` (null: still)."""

    code: str
    first_day: date
    last_day: date
    known_from: datetime
    known_to: datetime | None


class ChangeOfHandsView(View):
    """A transfer to one customer from others."""

    merger: str
    from_customers: list[str]
    to_customer: str
    customers: list[str] = Field(description="All customers after it.")
    effective_on: date
    stated_at: datetime
    schemes: list[str] = Field(
        description="The property schemes of `from_customers`, in their order; empty for one without, or a nil return."
    )
    event: str | None = Field(description="Id of the ContractTransferred event; null while it was a draft.")
    caused_by: str = Field(description="Id of the event or request that caused it.")


class ContractHistoryView(View):
    """The customers of a contract over time, and its transfers."""

    reference: str
    customers: list[CustomerPeriodView]
    changes_of_hands: list[ChangeOfHandsView]


class ReplacedView(View):
    """A contract that the shared service replaced."""

    reference: str
    supplier: str
    annual_pence: int


class ConsolidationView(View):
    """One shared service in the place of several contracts, and what it saves a year.

    Its customers read all of it, its supplier the terms, and a supplier that was replaced its own lines.
    """

    reference: str = Field(description="Of the new contract.")
    title: str | None = Field(description="null for a supplier that was replaced.")
    supplier: PartyView | None = Field(description="null for a supplier that was replaced.")
    customers: list[PartyView] = Field(description="Empty for a supplier that was replaced.")
    starts_on: date
    replaced: list[ReplacedView] = Field(description="For a supplier the contracts that it supplied itself.")
    previous_annual_pence: int | None = Field(description="Sum of the old charges; null for a supplier.")
    annual_pence: int | None = Field(description="null for a supplier that was replaced.")
    saving_pence: int | None = Field(
        description="Old charges less the new one, a year; negative where it costs more. null for a supplier."
    )
    agreement: str | None = Field(description="With the suppliers that were replaced: null for the new one.")
    event: str | None = Field(description="null for a supplier that was replaced.")
    stated_at: datetime


class ExitReasonView(View):
    """A reason for ending a contract early."""

    code: str = Field(examples=["in_house"])
    title: str


class ExitReasonsView(View):
    """The reasons for ending a contract early on a day, and the rule pack that lists them."""

    rule_pack: str
    citation: str
    reasons: list[ExitReasonView]
