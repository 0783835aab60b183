"""Answers about sourcing."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from services.contracts.core.views import PartyView, View


class AgreementView(View):
    """The agreement with an NHS supplier that a function waits for."""

    due_on: date = Field(description="The last day on which it is in time.")
    contract: str | None = Field(description="The contract that was signed first, as far as you may know.")
    signed_on: date | None
    overdue_from: date | None = Field(description="The first day on which it was, or is, overdue by the day asked for.")


class SourcedFunctionView(View):
    """How a body has one function done."""

    function: str
    name: str
    choice: str
    model: str | None
    structure: int = Field(description="0: none of the structures.")
    structure_title: str | None
    partners: list[str]
    supplier: str | None
    nhs_support: bool
    hosts: bool
    risk_split: str | None = Field(description="The paper that says who carries which risk.")
    first_day: date
    late_days: int
    agreement: AgreementView | None = Field(description="For a function bought from NHS support, under a deadline.")


class SourcingView(View):
    """How a body has its functions done, as at a day, as known at an instant."""

    organisation: PartyView
    functions: list[SourcedFunctionView]
    unassigned: list[str] = Field(description="Functions of the catalogue of the day without a decision.")
    late_days: int = Field(description="By how many days the first submission missed its deadline.")
    rule_packs: list[str]
    as_at: date
    as_known: datetime | None


class OptionView(View):
    """Something that can be chosen."""

    code: str
    title: str


class FunctionOptionsView(View):
    """The options of delivery of one function; doing nothing stands beside them."""

    function: str
    name: str
    options: list[str]
    do_nothing: bool


class SourcingOptionsView(View):
    """What a body can choose on a day, and the rule packs that say so."""

    rule_packs: list[str]
    citations: list[str]
    choices: list[OptionView]
    models: list[OptionView]
    structures: list[OptionView]
    delivery_options: list[OptionView] = Field(description="Empty before a pack has them.")
    functions: list[FunctionOptionsView]
    as_at: date


class RulePackView(View):
    """A rule pack of contracts: law, procedure, rate or catalogue, for a period of days."""

    id: str
    subject: str
    title: str
    citation: str
    effective_from: date
    effective_to: date | None
    stated_at: datetime | None
    weight: str
    status: str
    note: str
    values: dict[str, Any]
