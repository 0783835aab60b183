"""Answers about federations and legal forms."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.registry.core.views import View

AnswerView = Literal["yes", "no", "not found"]


class HoldingView(View):
    """Whether it may hold each contract for primary medical services."""

    gms: AnswerView
    pms: AnswerView
    apms: AnswerView


class FormRulesView(View):
    """The rules of a pack on a legal form; `not found` where no source says."""

    form: str = Field(examples=["industrial_and_provident_society"])
    shown_as: str = Field(description="the name of the form in law on the day", examples=["registered_society"])
    title: str
    may_hold: HoldingView
    may_distribute: AnswerView
    most_percent: int | None = Field(description="cap on what is distributed of a profit; null: none is stated")
    asset_lock: bool | None = Field(description="null: no source mentions one")
    conditions: list[str]
    rule_pack: str
    citation: str
    note: str


class MatrixView(View):
    """The legal forms of a day, with what each may hold and distribute."""

    as_at: date
    forms: list[FormRulesView]
    conditions: list[str] = Field(description="conditions for a federation of any form")


class DistributionView(View):
    """How much of a profit may go to the owners."""

    may_distribute: AnswerView
    profit_pence: int
    most_pence: int | None = Field(description="whole pence; null: no source says")
    most_percent: int | None = Field(description="null: no cap is stated")
    asset_lock: bool | None


class OwnerView(View):
    """A body that owns a part."""

    code: str
    share: str | None = Field(description="an exact fraction; null: not stated", examples=["1/32"])


class WarnedView(View):
    """A warning. It refuses nothing."""

    message: str
    rule_pack: str


class SizeView(View):
    """How many people it serves, by the preferred basis."""

    basis: str
    people: int
    carried: bool


class FederationStandingView(View):
    """What an organisation may hold and distribute by its legal form, its owners and its size."""

    code: str
    name: str | None
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    legal_form: str | None = Field(description="as stated; null: none is stated for the day")
    shown_as: str | None = Field(description="the name of the form in law on the day")
    remit: str | None = Field(description="its purpose: the form follows from it")
    may_hold: HoldingView
    distribution: DistributionView | None = Field(description="null: no legal form, or one without a rule pack")
    conditions: list[str] = Field(description="conditions for its form, and for a federation of any form")
    owners: list[OwnerView]
    population: SizeView | None = Field(description="null: no count is known")
    warnings: list[WarnedView]
    rule_pack: str | None
    citation: str | None
