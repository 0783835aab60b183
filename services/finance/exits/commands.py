"""States assessments of leaving contracts, in versions, and publishes a version by its author's will."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_if_new
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.finance import ExitAssessed
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from services.finance.appraisals.discounting import LAST_YEAR
from services.finance.core.codes import Pence, Year
from services.finance.core.models import known
from services.finance.core.sight import sight_of
from services.finance.exits.errors import NotACustomer
from services.finance.exits.models import AssessmentVersion, ExitAssessment, published_assessment
from services.finance.exits.presentation import view_of
from services.finance.exits.queries import Subject, assess_version, get_subject, get_version
from services.finance.exits.views import ExitAssessmentView
from services.finance.parties.queries import folded

MOST_LENSES = 10


Lens = Annotated[
    str,
    AfterValidator(folded),
    Field(
        max_length=80,
        pattern=r"^(organisation:[A-Za-z0-9]{1,12}|footprint:[A-Za-z0-9]{1,12}|set:[A-Za-z0-9]{1,12}:[A-Za-z0-9-]{1,40})$",
        description="A further lens: an organisation, a footprint or a named set.",
        examples=["footprint:QE1"],
    ),
]


class StateExitAssessment(BaseModel):
    """What an organisation assumes about the time after a contract, in prices of the base year."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(description="The customer that assesses.", examples=["06H"])]
    base_year: Year = Field(description="Year 0, 1 April to 31 March.")
    years: int = Field(strict=True, ge=1, le=LAST_YEAR, description="Years that count, year 0 included.", examples=[10])
    replacement_pence: Pence = Field(description="Cost a year of what takes the contract's place.")
    transition_pence: Pence = Field(default=0, description="Cost of the change, once, on the exit.")
    dual_running_months: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=36,
        description="Months of dual running, where the contract states none. Left out: not known, and so not priced.",
    )
    lenses: tuple[Lens, ...] = Field(default=(), max_length=MOST_LENSES)

    def content(self) -> str:
        """Return the inputs as they are stored."""
        return json.dumps(self.model_dump(exclude={"organisation"}), sort_keys=True)


class PublishExitAssessment(BaseModel):
    """Whose assessment is published."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(description="The customer that assessed.", examples=["06H"])]


async def _must_decide(session: AsyncSession, organisation: str, *, by: Caller, today: date) -> None:
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [organisation], today=today), by=by)


async def state_exit_assessment(
    session: AsyncSession,
    contract: str,
    command: StateExitAssessment,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> ExitAssessmentView:
    """State a version of an organisation's assessment and return it computed; inputs that are the same are no version.

    Raises NotYoursToDecide, ContractNotKnown, NotACustomer, ExitTermsUnknown, BeyondHorizon, LensNotFound,
    PartyNotFound, and what `expect` raises for a version that was not read.
    """
    await _must_decide(session, command.organisation, by=by, today=today)
    connection = await raw(session)
    sight = await sight_of(connection, by)
    subject = await get_subject(connection, contract, sight=sight, as_at=today)
    await _must_be_customer(session, subject, command.organisation)
    assessment = await _to_change(session, contract, command.organisation)
    expect(assessment.version)
    if await _latest(session, assessment) != command.content():
        assessment.version += 1
        session.add(
            AssessmentVersion(
                assessment_id=assessment.id,
                version=assessment.version,
                content=command.content(),
                stated_at=stated_at,
                recorded_by=by.subject,
            )
        )
        await session.flush()
    version = await get_version(
        connection, contract, sight=sight, organisation=command.organisation, version=assessment.version, as_known=None
    )
    assessed = await assess_version(connection, version, subject, as_at=today, as_known=None)
    return view_of(assessed, as_at=today, as_known=None)


async def _must_be_customer(session: AsyncSession, subject: Subject, organisation: str) -> None:
    """Raise NotACustomer unless a body, or one that it succeeded, is or was a customer."""
    before = await known.predecessors(await raw(session), [organisation])
    if not subject.every_customer & {organisation, *before}:
        message = f"{organisation} is none of {', '.join(sorted(subject.every_customer))}"
        raise NotACustomer(message, reasons=[Reason(message, "organisation")])


async def _to_change(session: AsyncSession, contract: str, organisation: str) -> ExitAssessment:
    """Return the assessment, locked, made where it is new."""
    new = insert_if_new(ExitAssessment).values(contract=contract, organisation=organisation, version=0)
    await session.execute(new.on_conflict_do_nothing())
    wanted = select(ExitAssessment).filter_by(contract=contract, organisation=organisation)
    found = await session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return found.one()


async def _latest(session: AsyncSession, assessment: ExitAssessment) -> str | None:
    wanted = select(AssessmentVersion.content).filter_by(assessment_id=assessment.id, version=assessment.version)
    return await session.scalar(wanted)


async def publish_exit_assessment(
    session: AsyncSession,
    contract: str,
    number: int,
    command: PublishExitAssessment,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> ExitAssessmentView:
    """Publish a version as it is computed today, once: a version that is published already stays as it is.

    Raises NotYoursToDecide, ExitAssessmentNotFound, and what computing it raises.
    """
    await _must_decide(session, command.organisation, by=by, today=today)
    connection = await raw(session)
    sight = await sight_of(connection, by)
    await _to_change(session, contract, command.organisation)
    version = await get_version(
        connection, contract, sight=sight, organisation=command.organisation, version=number, as_known=None
    )
    subject = await get_subject(connection, contract, sight=sight, as_at=today)
    assessed = await assess_version(connection, version, subject, as_at=today, as_known=None)
    view = view_of(assessed, as_at=today, as_known=None)
    if version.published_at is not None:
        return view
    event = await outbox.add(session, _event(view, today, stated_at), version=number)
    view, published = view.model_copy(update={"published_at": stated_at}), published_assessment
    await session.execute(
        insert(published).values(
            version_id=version.id,
            stated_at=stated_at,
            event=event,
            digest=view.digest,
            content=view.model_dump_json(),
            recorded_by=by.subject,
        )
    )
    return view


def _event(view: ExitAssessmentView, today: date, stated_at: datetime) -> ExitAssessed:
    lenses = [one.lens for one in view.exits[0].costs]
    best = {one.lens: one.best_on for one in view.best}
    # Where every notice day has passed, the last exit on offer is all that remains.
    last = view.exits[-1].exit_on
    return ExitAssessed(
        effective_on=today,
        stated_at=stated_at,
        contract=view.contract,
        version=view.version,
        organisations=tuple(sorted({view.organisation, *view.customers})),
        exit_on=tuple(one.exit_on for one in view.exits),
        lenses=tuple(lenses),
        best_on=tuple(best.get(lens, last) for lens in lenses),
        pv_pence=tuple(one.costs[index].present_cost_pence for index in range(len(lenses)) for one in view.exits),
        break_even_share=tuple(one.break_even_share or "" for one in view.exits),
        at_stake_pence=view.at_stake_pence,
        packs=tuple(view.rule_packs),
        digest=view.digest,
    )
