"""Publishes what a contract says about leaving it: its exit terms, and the notice day of each end on offer."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.contracts import ExitTermsStated, NoticeDatesStated
from libs.common.messaging import outbox
from services.contracts.core.exit_terms import exit_terms_of
from services.contracts.core.models import Contract
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import ONE_DAY, Leaving, notice_due_for, offered_exits, rounded


def leaving_of(contract: Contract) -> Leaving:
    """Return the terms by which a contract that was read to be changed may be left."""
    terms = exit_terms_of(contract.exit_terms)
    # Renewed terms are counted from the first one; an extension prolongs it.
    is_extended = terms.renewal_months is None and contract.term_end is not None
    return Leaving(
        starts_on=contract.starts_on,
        last_day=contract.term_end if is_extended and contract.term_end else contract.last_day,
        notice_months=contract.notice_months,
        annual_pence=contract.annual_pence,
        not_before=contract.earliest_exit_on,
        terms=terms,
    )


async def publish_exit_terms(
    session: AsyncSession, contract: Contract, supplier: str, customers: tuple[str, ...], *, stated_at: datetime
) -> None:
    """Publish the exit terms that a contract states and its notice days, as they are from its first day of service.

    A contract that states none has nothing to publish beyond its signature.
    """
    if contract.exit_terms is None:
        return
    leaving, terms = leaving_of(contract), exit_terms_of(contract.exit_terms)
    parties = {"contract": contract.reference, "supplier": supplier, "customers": customers}
    month = terms.dual_running_pence
    if month is None and terms.dual_running_months is not None:
        month = rounded(leaving.annual_pence // 12)
    pack = find_pack(contract.starts_on, subject="notice")
    stated = ExitTermsStated(
        effective_on=contract.starts_on,
        stated_at=stated_at,
        term_ends_on=contract.last_day,
        payment_share=terms.payment_share or "",
        payment_schedule_from=terms.payment_schedule_from,
        payment_schedule_pence=terms.payment_schedule_pence,
        stranded_pence=terms.stranded_pence,
        stranded_ends_with_term=terms.stranded_ends_with_term,
        breakage_pence=None if terms.breakage is None else sum(one.pence for one in terms.breakage),
        dual_running_pence=month,
        redundancy_pence=terms.redundancy_pence,
        redundancy_payer=terms.redundancy_payer or "",
        reprocurement_pence=terms.reprocurement_pence,
        pack=pack.id if pack else "",
        **parties,
    )
    days = [(day, notice_due_for(leaving, day) or day) for day in offered_exits(leaving, contract.starts_on)]
    dates = NoticeDatesStated(
        effective_on=contract.starts_on,
        stated_at=stated_at,
        exit_on=tuple(day + ONE_DAY for day, _ in days),
        last_notice_on=tuple(due for _, due in days),
        **parties,
    )
    await outbox.add_all(session, [stated, dates])
