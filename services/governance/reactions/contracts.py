"""Reacts to contracts' events: knows what bodies decide on, and asks again where it was revised or has ended."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import (
    AgreementSettled,
    AgreementToRemake,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractTransferred,
    ProcurementStated,
    SupplierAssessed,
)
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.governance.assurance.models import known_checkpoints
from services.governance.assurance.projection import know_checkpoints
from services.governance.commitments.models import known_commitments
from services.governance.commitments.projection import EVENTS, know_commitments
from services.governance.conflicts.papers import recall_papers, subjects_with_papers
from services.governance.proposals.follow_ups import follow_subject, subjects_of_proposals
from services.governance.reactions.base import subscriptions
from services.governance.subjects import agreements, projection
from services.governance.subjects.models import known_agreements, known_subjects
from services.governance.successions.commands import follow_contract, papers_of_instruments
from services.governance.successions.remakes import find_instruments_to_remake, stated_up_to

subscriptions.knows(known_subjects, *projection.OF_CONTRACTS)(projection.know_subjects)
subscriptions.knows(known_commitments, *EVENTS)(know_commitments)
subscriptions.knows(known_agreements, *agreements.OF_CONTRACTS)(agreements.know_agreements)
subscriptions.knows(known_checkpoints, SupplierAssessed)(know_checkpoints)


@subscriptions.on(ConsolidationPlanned, ConsolidationWithdrawn, holding=subjects_of_proposals)
async def proposals_follow_their_plan(
    event: ConsolidationPlanned | ConsolidationWithdrawn, session: AsyncSession, *, by: Caller
) -> bool:
    """Ask again on a plan's new revision; what is asked on a plan that ended is void."""
    return await follow_subject(session, event.plan, event, by=by)


@subscriptions.on(ProcurementStated, holding=subjects_with_papers)
async def papers_are_recalled_where_a_bidder_becomes_known(
    event: ProcurementStated, session: AsyncSession, *, by: Caller
) -> bool:
    """Recall the papers of proposals on a procurement from those who had them and are conflicted now."""
    on = max(event.effective_on, day_of(event.stated_at))
    return bool(await recall_papers(session, subject=event.procurement, on=on, stated_at=event.stated_at, by=by))


@subscriptions.on(ContractTransferred, holding=papers_of_instruments)
async def instruments_follow_their_contract(event: ContractTransferred, session: AsyncSession, *, by: Caller) -> bool:
    """Let who took a contract over be a party to the instruments whose paper it is."""
    return await follow_contract(session, event, by=by.subject)


@subscriptions.on(AgreementToRemake, AgreementSettled, holding=papers_of_instruments)
async def instruments_wait_for_their_agreement(
    event: AgreementToRemake | AgreementSettled, session: AsyncSession, *, by: Caller
) -> bool:
    """Raise a finding for each instrument whose paper has to be made again; clear it once that is settled."""
    stated_on = day_of(event.stated_at)
    on = await stated_up_to(await raw(session), event.agreement, at_least=stated_on)
    return bool(await find_instruments_to_remake(session, up_to=on, stated_at=event.stated_at, by=by))
