"""States cases and edits drafts; publishes a version, or freezes it for a proposal, and tells what it is worth."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.events.finance import CaseAppraised, CostShiftFound
from libs.common.events.governance import ProposalOpened
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.money import nearest_penny
from libs.common.process import context
from services.finance.appraisals.comparisons import passes
from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.worth import Appraised, appraise
from services.finance.case_contents.assembly import Question, assemble
from services.finance.case_contents.compilation import organisations_of
from services.finance.case_contents.content import CaseContent
from services.finance.cases.errors import CaseExists, CaseNotFound, VersionFrozen
from services.finance.cases.models import BusinessCase, CaseDraft, FrozenVersion
from services.finance.cases.presentation import CaseVersion, appraisal_view, lens_of
from services.finance.cases.proposals import list_proposals
from services.finance.cases.queries import get_stored, get_version
from services.finance.cases.rules import digest_of, preferred_of, ratio_text, shift_of
from services.finance.cases.views import StatedView
from services.finance.core.codes import Reference
from services.finance.core.models import known
from services.finance.core.shifts import CostShift
from services.finance.core.sight import Sight, sight_of

EVERYTHING = Sight(None)


class StateCase(BaseModel):
    """A new case of an organisation, with the content of its first version."""

    model_config = ConfigDict(extra="forbid")

    case: Reference
    organisation: Code
    content: CaseContent


@dataclass(frozen=True, slots=True)
class Moment:
    """By whom, on which day and at which instant something is stated."""

    by: Caller
    today: date
    stated_at: datetime


async def state_case(session: AsyncSession, command: StateCase, *, moment: Moment) -> StatedView:
    """State a case with its first version, a draft. Raises NotYoursToDecide, CaseExists, and what its content lacks."""
    await must_act_for(session, command.organisation, moment)
    row = insert(BusinessCase).values(
        reference=command.case,
        organisation_code=command.organisation,
        stated_at=moment.stated_at,
        recorded_by=moment.by.subject,
    )
    added = (await session.execute(row.on_conflict_do_nothing().returning(BusinessCase.id))).scalar_one_or_none()
    if added is None:
        raise CaseExists(f"there is a case {command.case} already")
    return await _draft(session, command.case, version=1, revision=1, content=command.content, moment=moment)


async def state_version(session: AsyncSession, reference: str, content: CaseContent, *, moment: Moment) -> StatedView:
    """State another version of a case, a draft. Raises CaseNotFound, NotYoursToDecide, and what its content lacks."""
    case = await _get_case_to_change(session, reference, moment)
    latest = select(func.max(CaseDraft.version)).filter_by(case_id=case.id)
    version = (await session.execute(latest)).scalar_one() + 1
    return await _draft(session, reference, version=version, revision=1, content=content, moment=moment)


async def edit_version(
    session: AsyncSession,
    reference: str,
    version: int,
    content: CaseContent,
    *,
    moment: Moment,
    expect: Callable[[int], None],
) -> StatedView:
    """Edit a draft; `expect` refuses another revision than the one that the caller read.

    Raises CaseNotFound, NotYoursToDecide, VersionFrozen, and what its content lacks.
    """
    await _get_case_to_change(session, reference, moment)
    stored = await get_stored(await raw(session), reference, version, sight=EVERYTHING)
    expect(stored.revision)
    if stored.is_frozen:
        raise VersionFrozen(f"version {version} of {reference} is {stored.status}: state a new version")
    if stored.content == content:
        return _stated(stored.case, version, stored.revision, stored.on)
    return await _draft(
        session, reference, version=version, revision=stored.revision + 1, content=content, moment=moment
    )


async def publish_version(
    session: AsyncSession, reference: str, version: int, *, moment: Moment, expect: Callable[[int], None]
) -> StatedView:
    """Publish a version: it is frozen, and its appraisal told to the organisations that it names.

    Raises CaseNotFound, NotYoursToDecide, VersionFrozen, and what has become wrong with its content.
    """
    case = await _get_case_to_change(session, reference, moment)
    stored = await get_stored(await raw(session), reference, version, sight=EVERYTHING)
    expect(stored.revision)
    if stored.is_frozen:
        raise VersionFrozen(f"version {version} of {reference} is {stored.status} already")
    return await _freeze(session, case, version, proposal="", moment=moment)


async def freeze_for_proposal(session: AsyncSession, event: ProposalOpened, *, by: Caller) -> bool:
    """Freeze the version that a proposal asks to decide on; return whether it did.

    A version that is not there yet is frozen as soon as it is stated; one that is frozen stays as it is. A draft is
    frozen by its own organisation's proposal alone: another's would publish what it does not read.
    """
    if not event.case:
        return False
    query = select(BusinessCase).filter_by(reference=event.case).with_for_update()
    case = (await session.execute(query)).scalar_one_or_none()
    if case is None or not await _may_freeze(session, case, event.organisation):
        return False
    latest = select(func.max(CaseDraft.stated_at)).filter_by(case_id=case.id, version=event.case_version)
    stated_at = (await session.execute(latest)).scalar_one()
    if stated_at is None or await _is_frozen(session, case, event.case_version):
        return False
    # A proposal that is heard late freezes what has been edited meanwhile: it is not known as frozen before the edit.
    moment = Moment(by, event.effective_on, max(event.stated_at, stated_at))
    await _freeze(session, case, event.case_version, proposal=event.proposal, moment=moment)
    return True


async def _may_freeze(session: AsyncSession, case: BusinessCase, organisation: str) -> bool:
    """Whether an organisation's proposal freezes versions of a case: its own, or that of one that it succeeded."""
    owners = {organisation} | await known.predecessors(await raw(session), [organisation])
    return case.organisation_code in owners


async def _is_frozen(session: AsyncSession, case: BusinessCase, version: int) -> bool:
    frozen = await session.execute(select(FrozenVersion.id).filter_by(case_id=case.id, version=version))
    return frozen.first() is not None


async def must_act_for(session: AsyncSession, code: str, moment: Moment) -> None:
    """Raise RoleMissing or NotYoursToDecide unless a finance lead acts for a case's organisation."""
    moment.by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    deciders = await known.deciders(connection, [code], today=moment.today)
    await known.must_act_for(connection, deciders, by=moment.by)


async def _get_case_to_change(session: AsyncSession, reference: str, moment: Moment) -> BusinessCase:
    """Lock a case for its organisation. Raises CaseNotFound where the caller reads no version of it."""
    moment.by.must_have(Role.FINANCE_LEAD)
    query = select(BusinessCase).filter_by(reference=reference).with_for_update()
    case = (await session.execute(query)).scalar_one_or_none()
    sight = await sight_of(await raw(session), moment.by)
    if case is None or not (sight.sees(case.organisation_code) or await _is_named(session, case, sight)):
        raise CaseNotFound(f"no case {reference} is known")
    await must_act_for(session, case.organisation_code, moment)
    return case


async def _is_named(session: AsyncSession, case: BusinessCase, sight: Sight) -> bool:
    """Whether a frozen version of the case names an organisation that the caller reads through."""
    rows = await session.scalars(select(FrozenVersion.organisations).filter_by(case_id=case.id))
    return any(sight.sees(code) for organisations in rows for code in organisations)


async def _draft(
    session: AsyncSession, reference: str, *, version: int, revision: int, content: CaseContent, moment: Moment
) -> StatedView:
    """Insert an edit of a version once its inputs can be put together; freeze it where a proposal waits for it."""
    query = select(BusinessCase).filter_by(reference=reference)
    case = (await session.execute(query)).scalar_one()
    connection = await raw(session)
    question = Question(content, case.organisation_code, moment.today, stated_at=moment.stated_at)
    await assemble(connection, question)
    session.add(
        CaseDraft(
            case_id=case.id,
            version=version,
            revision=revision,
            content=content.model_dump_json(exclude_defaults=True),
            on_day=moment.today,
            stated_at=moment.stated_at,
            recorded_by=moment.by.subject,
        )
    )
    await session.flush()
    for proposal, organisation in await list_proposals(connection, reference, version):
        if await _may_freeze(session, case, organisation):
            return await _freeze(session, case, version, proposal=proposal, moment=moment)
    return _stated(reference, version, revision, moment.today)


def _stated(reference: str, version: int, revision: int, on: date) -> StatedView:
    return StatedView(
        case=reference, version=version, revision=revision, status="draft", digest=None, event=None, on=on
    )


async def _freeze(
    session: AsyncSession, case: BusinessCase, version: int, *, proposal: str, moment: Moment
) -> StatedView:
    """Store a version's inputs under their digest, and publish what it is worth and whom it harms."""
    connection = await raw(session)
    found = await get_version(connection, case.reference, version, sight=EVERYTHING, stated_at=moment.stated_at)
    inputs, organisations = found.inputs, sorted({case.organisation_code, *found.content.organisations})
    view = appraisal_view(found)
    preferred = preferred_of(appraise(inputs, lens_of(inputs)), found.content.preferred)
    digest = digest_of(inputs.model_dump(mode="json"))
    event = await outbox.add(session, _appraised(found, organisations, preferred, digest, moment))
    row = FrozenVersion(
        case_id=case.id,
        version=version,
        revision=found.revision,
        proposal=proposal,
        organisations=organisations,
        inputs=inputs.model_dump_json(),
        digest=digest,
        answer_digest=view.digest,
        event=event,
        caused_by=context.origin().causation or "",
        stated_at=moment.stated_at,
    )
    session.add(row)
    await session.flush()
    if preferred is not None:
        shift = shift_of(inputs, preferred.option, lens_of(inputs, "uk_society"))
        await outbox.add_all(session, _shifts(found, shift, moment))
    return StatedView(
        case=case.reference,
        version=version,
        revision=found.revision,
        status="proposed" if proposal else "published",
        digest=digest,
        event=event,
        on=moment.today,
    )


def _appraised(
    version: CaseVersion, organisations: list[str], preferred: Appraised | None, digest: str, moment: Moment
) -> CaseAppraised:
    inputs, measures = version.inputs, None if preferred is None else preferred.measures
    reached = preferred is not None and passes(preferred.measures, inputs.benchmark)
    return CaseAppraised(
        effective_on=moment.today,
        stated_at=moment.stated_at,
        case=version.case,
        version=version.version,
        organisations=tuple(organisations),
        contracts=_contracts(inputs),
        lens=inputs.lens,
        preferred="" if preferred is None else preferred.option.option,
        npv_pence=0 if measures is None else nearest_penny(measures.npv),
        pvb_pence=0 if measures is None else nearest_penny(measures.pv_benefits),
        pvc_pence=0 if measures is None else nearest_penny(measures.pv_costs),
        bcr="" if measures is None else ratio_text(measures.bcr) or "",
        payback_year=None if measures is None else measures.payback,
        passes=(inputs.packs["benchmark-bcr"],) if reached else (),
        packs=tuple(sorted(set(inputs.packs.values()))),
        digest=digest,
    )


def _contracts(inputs: Inputs) -> tuple[str, ...]:
    return tuple(sorted({line.cause for option in inputs.options for line in option.lines if line.cause}))


def _shifts(version: CaseVersion, shift: CostShift, moment: Moment) -> list[CostShiftFound]:
    """Return an event for each year in which a saving of some organisations is a cost of others."""
    by_year: dict[date, tuple[dict[str, int], dict[str, int]]] = {}
    for party in (*shift.gainers, *shift.losers):
        for year, amount in party.by_year:
            if amount and organisations_of([party.party]):
                gains, losses = by_year.setdefault(year.first_day, ({}, {}))
                (gains if amount > 0 else losses)[party.party] = abs(nearest_penny(amount))
    return [
        CostShiftFound(
            effective_on=day,
            stated_at=moment.stated_at,
            subject=version.case,
            version=version.version,
            lens=shift.lens,
            gainers=tuple(gains),
            gains_pence=tuple(gains.values()),
            losers=tuple(losses),
            losses_pence=tuple(losses.values()),
            net_pence=sum(gains.values()) - sum(losses.values()),
        )
        for day, (gains, losses) in sorted(by_year.items())
        if gains and losses
    ]
