"""Routes about federations, and about what a legal form may hold and distribute."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, StatedAt, Write, commands_router, etag, problems
from services.registry.core.errors import CodeTaken, OrganisationNotFound
from services.registry.core.models import Organisation
from services.registry.edge import CodeInPath, Registrar, ToChange, View
from services.registry.federations import commands
from services.registry.federations import rules as federation_rules
from services.registry.federations.errors import LegalFormUnknown
from services.registry.organisations.views import REFUSALS, OpenedView

router = commands_router(tags=["Federations"])

AnswerView = Literal["yes", "no", "not found"]
MOST_PENCE = 10**15


class HoldingView(View):
    """Which contracts for primary medical services may be held."""

    gms: AnswerView
    pms: AnswerView
    apms: AnswerView


class FormRulesView(View):
    """What a rule pack says of a legal form; `not found` where no source speaks."""

    form: str = Field(examples=["industrial_and_provident_society"])
    shown_as: str = Field(description="what the law calls the form by then", examples=["registered_society"])
    title: str
    may_hold: HoldingView
    may_distribute: AnswerView
    most_percent: int | None = Field(description="cap on what is distributed of a profit; null: none is stated")
    asset_lock: bool | None = Field(description="null: no source speaks of one")
    conditions: list[str]
    rule_pack: str
    citation: str
    note: str


class MatrixView(View):
    """Every legal form of a day: what it may hold, what it may distribute."""

    as_at: date
    forms: list[FormRulesView]
    conditions: list[str] = Field(description="what holds of a federation of whatever form")


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
    """Something to look at; it refuses nothing."""

    message: str
    rule_pack: str


class SizeView(View):
    """How many people it serves, by the count that rules."""

    basis: str
    people: int
    carried: bool


class FederationStandingView(View):
    """What a body may hold and distribute by its legal form, who owns it, how large it is."""

    code: str
    name: str | None
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    legal_form: str | None = Field(description="as stated; null: none is stated for the day")
    shown_as: str | None = Field(description="what the law calls the form by then")
    remit: str | None = Field(description="what it is there for: the form follows from it")
    may_hold: HoldingView
    distribution: DistributionView | None = Field(description="null: no legal form, or none that a pack knows")
    conditions: list[str] = Field(description="what holds of its form, and of a federation of whatever form")
    owners: list[OwnerView]
    population: SizeView | None = Field(description="null: nobody counted it")
    warnings: list[WarnedView]
    rule_pack: str | None
    citation: str | None


@router.get("/federations/matrix", response_model=MatrixView, summary="What each legal form may hold and distribute")
async def get_matrix(_: By, as_at: AsAt) -> MatrixView:
    """The whole matrix of a day, from its rule packs: form, may hold GMS, PMS and APMS, may distribute.

    `not found` where no source speaks. An industrial and provident society shows as a registered society from
    1 August 2014.
    """
    forms = [FormRulesView.model_validate(rules) for rules in federation_rules.matrix(as_at)]
    return MatrixView(as_at=as_at, forms=forms, conditions=list(federation_rules.general_conditions(as_at)))


@router.get(
    "/federations/{code}/standing",
    response_model=FederationStandingView,
    summary="What it may hold and distribute",
    responses=problems(OrganisationNotFound),
)
async def get_standing(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    profit_pence: Annotated[
        int, Query(ge=0, le=MOST_PENCE, description="a distributable profit, in pence", examples=[10_000_000])
    ] = 0,
) -> FederationStandingView:
    """Whether it may hold GMS, PMS and APMS, how much of a profit it may distribute, its owners, its size.

    A federation outside 25,000 to 100,000 people is warned of and never refused. Of any organisation with a legal form.
    """
    found = await commands.standing_of(rows, code, profit_pence=profit_pence, as_at=as_at, as_known=as_known)
    rules = found.rules
    return FederationStandingView.model_validate(
        {
            **{name: getattr(found, name, None) for name in FederationStandingView.model_fields},
            "as_at": as_at,
            "as_known": as_known,
            "shown_as": rules.shown_as if rules else None,
            "conditions": [*(rules.conditions if rules else ()), *federation_rules.general_conditions(as_at)],
            "rule_pack": rules.rule_pack if rules else None,
            "citation": rules.citation if rules else None,
        }
    )


@router.post(
    "/federations",
    status_code=201,
    response_model=OpenedView,
    summary="Open a federation of practices",
    responses=problems(CodeTaken, LegalFormUnknown),
)
async def open_federation(
    command: commands.OpenFederation, session: Write, by: Registrar, stated_at: StatedAt, response: Response
) -> Organisation:
    """Open it with its legal form and what it is there for: form follows function.

    Its owners and members are relations, its size a population.
    """
    opened = await commands.open_federation(session, command, by=by, stated_at=stated_at)
    etag(response, opened.version)
    return opened


@router.post(
    "/organisations/{code}/legal-form",
    response_model=OpenedView,
    summary="Let it have a legal form",
    responses=problems(*REFUSALS, LegalFormUnknown),
)
async def change_legal_form(
    organisation: ToChange,
    command: commands.ChangeLegalForm,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State its legal form from a day, whatever its kind. Forms of earlier days stay what they were."""
    await commands.change_legal_form(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/remit",
    response_model=OpenedView,
    summary="State what it is there for",
    responses=problems(*REFUSALS),
)
async def state_remit(
    organisation: ToChange,
    command: commands.StateRemit,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State its remit from a day, in words. Remits of earlier days stay what they were."""
    await commands.state_remit(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation
