"""Defines the requests that draft, revise and consolidate contracts."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictBool, model_validator

from libs.common.temporal.days import LATEST
from libs.common.temporal.months import last_day_of_term
from services.contracts.agreements.catalogue import functions_of, functions_on, usual_notice_on
from services.contracts.care_models.rules import (
    FORM,
    CareModelTerms,
    find_care_model,
    why_none_stated,
    why_not_stated,
    why_out_of_scope,
    why_too_long,
)
from services.contracts.core.care_models import CareModel
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, Form, Line, OdsCode, Reference, Text
from services.contracts.core.conditions import OtherParty
from services.contracts.core.errors import refuse
from services.contracts.core.exit_terms import NO_TERMS, ExitTerms
from services.contracts.core.models import Contract, ContractLine


def _once_each(codes: list[str]) -> list[str]:
    if len(set(codes)) != len(codes):
        raise ValueError("each may be named once only")
    return sorted(codes)


class Terms(BaseModel):
    """The terms of a contract: functions, supplier, days, charges, and how it may be ended."""

    model_config = ConfigDict(extra="forbid")

    title: Text
    supplier: OdsCode = Field(description="ODS code of the supplier; it need not be in the registry.")
    starts_on: Day = Field(description="First day of service.")
    last_day: Day = Field(
        default_factory=lambda: LATEST,
        description="Agreed last day of service; where it renews, of its first term. It may be left out where the "
        "exit terms have `initial_months` or are `open_ended`.",
    )
    lines: list[Line] = Field(min_length=1, max_length=100)
    notice_months: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=60,
        description="Period of notice; where the contract states none, the rule pack's.",
    )
    earliest_exit_on: Day | None = Field(
        default=None, description="Earliest last day of service that notice allows (the minimum term)."
    )
    exit_terms: ExitTerms | None = Field(
        default=None, description="What the contract states of renewals, notice and the price of an end."
    )
    other_parties: list[OtherParty] = Field(
        default_factory=list, max_length=20, description="Who guarantees the contract, or hosts its service."
    )
    value_basis: Literal["stated", "illustrative"] = Field(
        description="`stated` where a source gives the charges, `illustrative` where none does."
    )
    value_source: Text | None = Field(default=None, description="The source of stated charges.")
    form: Form | None = Field(default=None, description="The form of the agreement.")
    indexation: str | None = Field(
        default=None,
        pattern=r"^(none|cpi|gdp_deflator|fixed:[0-9]{1,6}/[1-9][0-9]{0,6})$",
        description="How the charge rises each year; `fixed:1/50` by two per cent.",
    )
    price_year: str | None = Field(
        default=None, pattern="^[0-9]{4}-[0-9]{2}$", description="The financial year in whose prices the charge is."
    )
    procurement: Text | None = Field(default=None, description="Reference of the procurement that led to it.")
    care_model: CareModelTerms | None = Field(
        default=None, description="Of the form `care_model`: which one, with its scope. No other form has it."
    )

    @model_validator(mode="after")
    def _ends_as_its_terms_say(self) -> Self:
        terms = self.exit_terms or NO_TERMS
        if terms.initial_months is not None:
            end = last_day_of_term(self.starts_on, terms.initial_months)
        elif terms.open_ended:
            end = LATEST
        elif "last_day" not in self.model_fields_set:
            raise ValueError("last_day is missing, and the exit terms give none")
        else:
            return self
        if end > LATEST:
            raise ValueError(f"the first term ends after {LATEST}")
        if "last_day" in self.model_fields_set and self.last_day != end:
            raise ValueError(f"last_day is {self.last_day}, and by the exit terms {end}")
        self.last_day = end
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.last_day < self.starts_on:
            raise ValueError("last_day is before starts_on")
        if self.earliest_exit_on and not self.starts_on <= self.earliest_exit_on <= self.last_day:
            raise ValueError("earliest_exit_on is outside the term")
        if self.value_basis == "stated" and not self.value_source:
            raise ValueError("stated charges need their value_source")
        _once_each([line.function for line in self.lines])
        if sum(line.annual_pence for line in self.lines) > MOST_ANNUAL_PENCE:
            raise ValueError(f"the lines charge more than {MOST_ANNUAL_PENCE} pence a year together")
        if self.care_model is not None and self.form != FORM:
            raise ValueError(f"care_model is stated, and the form is not {FORM}")
        return self

    def care_model_in_scope(self) -> CareModel | None:
        """Return the care model, by the pack of the first day; None where it is for none.

        Raises FunctionUnknown for lines that no contract may have, OutsideCareModel, NoRuleInForce.
        """
        stated, functions = self.care_model, [line.function for line in self.lines]
        catalogue = functions_on(self.starts_on, care_model=stated is not None)
        found = catalogue.why_not_include(functions)
        if stated is None:
            refuse([*found, *why_none_stated(self.form)])
            return None
        found += why_not_stated(stated, self.starts_on, catalogue.names)
        model = find_care_model(stated, self.starts_on)
        if model is not None:
            found += why_out_of_scope(model, functions)
            found += why_too_long(model, self.starts_on, self.last_day, self.exit_terms or NO_TERMS)
        refuse(found)
        return model

    def put_into(self, contract: Contract, *, continues: Contract | None = None) -> None:
        """Give a contract these terms. Raises FunctionUnknown, OutsideCareModel, NoRuleInForce.

        `continues`: the contract whose place it takes. The care model and the scope of that one stay.
        """
        if continues is None:
            model = self.care_model_in_scope()
            contract.care_model = None if model is None else model.model_dump(mode="json")
        else:
            functions_of(continues, self.starts_on).must_include(line.function for line in self.lines)
            contract.care_model = continues.care_model
        months, rule = self.notice_months, None
        if months is None:
            months, rule = usual_notice_on(self.starts_on)
        contract.title, contract.supplier_code = self.title, self.supplier
        contract.starts_on, contract.last_day = self.starts_on, self.last_day
        contract.notice_months, contract.notice_rule = months, rule
        contract.earliest_exit_on = self.earliest_exit_on
        contract.value_basis, contract.value_source = self.value_basis, self.value_source
        contract.exit_terms = None if self.exit_terms is None else self.exit_terms.model_dump(mode="json")
        contract.other_parties = [one.model_dump(mode="json") for one in self.other_parties]
        contract.form, contract.procurement = self.form, self.procurement
        contract.indexation, contract.price_year = self.indexation, self.price_year
        kept = {line.function: line for line in contract.lines}
        contract.lines = [
            kept.get(line.function) or ContractLine(function=line.function, annual_pence=0) for line in self.lines
        ]
        for line, wanted in zip(contract.lines, self.lines, strict=True):
            line.annual_pence = wanted.annual_pence


EXAMPLE_TERMS: dict[str, JsonValue] = {
    "title": "Commissioning support for Aylesbury Vale and Chiltern",
    "supplier": "0CX",
    "starts_on": "2017-04-01",
    "last_day": "2020-03-31",
    "notice_months": 6,
    "lines": [
        {"function": "payroll", "annual_pence": 12_500_000},
        {"function": "bi", "annual_pence": 48_000_000},
    ],
    "value_basis": "illustrative",
}
"""Terms as shown on the OpenAPI page."""


class ReviseContract(Terms):
    """All terms of a draft, which replace its present ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_TERMS | {"customers": ["10H", "10Y"]}]})

    customers: Annotated[list[OdsCode], AfterValidator(_once_each)] = Field(
        min_length=1, max_length=250, description="ODS codes of the customers; they must be open when it is signed."
    )
    coordinating_commissioner: OdsCode | None = Field(
        default=None,
        description="The customer that acts for all of them. Where there are several and none is named: the only one "
        "for whom you act, or for who acts for all of them the first.",
    )
    supplier_signs: StrictBool = Field(
        default=False, description="Whether the contract is signed only when its supplier has signed too."
    )

    @model_validator(mode="after")
    def _is_coordinated_by_a_customer(self) -> Self:
        if self.coordinating_commissioner is not None and self.coordinating_commissioner not in self.customers:
            raise ValueError("coordinating_commissioner is none of the customers")
        return self


class DraftContract(ReviseContract):
    """A contract that its parties begin to agree."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [EXAMPLE_TERMS | {"reference": "CSU-BUCKS-2017", "customers": ["10H", "10Y"]}]}
    )

    reference: Reference


class Acceptance(BaseModel):
    """The minute by which a body accepted a shared service."""

    model_config = ConfigDict(extra="forbid")

    organisation: OdsCode
    minute: Text


def _of_each_once(acceptances: list[Acceptance]) -> list[Acceptance]:
    if len({one.organisation for one in acceptances}) != len(acceptances):
        raise ValueError("each organisation accepts once only")
    return acceptances


class ConsolidateContracts(Terms):
    """One shared service, under one supplier, that replaces several contracts and has all their customers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                EXAMPLE_TERMS
                | {
                    "reference": "SHARED-PAYROLL-2019",
                    "title": "Shared payroll for the Black Country",
                    "starts_on": "2019-04-01",
                    "last_day": "2024-03-31",
                    "replaces": ["PAYROLL-DUDLEY-2016", "PAYROLL-WALSALL-2016"],
                    "agreement": "Joint committee minute 14/18",
                    "acceptances": [{"organisation": "05C", "minute": "Governing body 12/18"}],
                }
            ]
        }
    )

    reference: Reference
    replaces: Annotated[list[Reference], AfterValidator(_once_each)] = Field(
        min_length=2, max_length=250, description="The signed contracts that it replaces; they end the day before."
    )
    signed_on: Day | None = Field(
        default=None, description="Day of signature; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None
    agreement: Text | None = Field(
        default=None,
        description="The document by which other suppliers agree to end earlier than notice allows. The shared "
        "service's own supplier agrees by signing it.",
    )
    acceptances: Annotated[list[Acceptance], AfterValidator(_of_each_once)] = Field(
        default_factory=list,
        max_length=250,
        description="The minutes by which its customers accepted it, each recorded as that body's authority.",
    )
