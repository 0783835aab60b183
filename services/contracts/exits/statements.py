"""Publishes what a contract says about leaving it: its exit terms, and the notice day of each end on offer."""

from collections.abc import Collection
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ExitTermsStated, NoticeDatesStated
from libs.common.messaging import outbox
from libs.common.temporal.months import share_of_a_year
from services.contracts.agreements.commands import parties_on
from services.contracts.core.charges import charges_on
from services.contracts.core.conditions import ExitConditions, conditions_on
from services.contracts.core.exit_terms import NO_TERMS
from services.contracts.core.models import Contract
from services.contracts.exits.guidance import advise
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import (
    ONE_DAY,
    Leaving,
    notice_due_for,
    offered_exits,
    rounded,
)

_YEARS_AT_MOST: Final = 60


async def leaving_on(session: AsyncSession, contract: Contract, day: date) -> Leaving:
    """Return the terms by which a contract that was read to be changed may be left, as they are on a day."""
    connection = await raw(session)
    conditions = await conditions_on(connection, contract, day)
    charges = await charges_on(connection, contract, day)
    return leaving_by(contract, conditions, sum(charges.values()))


def leaving_by(contract: Contract, conditions: ExitConditions, annual_pence: int) -> Leaving:
    """Return how a contract may be left by its conditions and its charge of a day."""
    terms = conditions.exit_terms or NO_TERMS
    # Renewed terms are counted from the first one; an extension prolongs it.
    is_extended = terms.renewal_months is None and contract.term_end is not None
    return Leaving(
        starts_on=contract.starts_on,
        last_day=contract.term_end if is_extended and contract.term_end else contract.last_day,
        notice_months=conditions.notice_months,
        annual_pence=annual_pence,
        not_before=conditions.earliest_exit_on,
        terms=terms,
    )


async def publish_terms(session: AsyncSession, contract: Contract, on: date, *, stated_at: datetime) -> None:
    """Publish what a contract says about leaving it from a day on, and the notice day of each end on offer then.

    Told of every contract, at its signature and whenever this changes; a term that it does not state is empty. A
    contract that runs longer than advised is a finding.
    """
    connection = await raw(session)
    charges = await charges_on(connection, contract, on)
    leaving = leaving_by(contract, await conditions_on(connection, contract, on), sum(charges.values()))
    parties = (await parties_on(session, [contract], on))[contract.id]
    named = {"contract": contract.reference, "supplier": parties.supplier, "customers": parties.customers}
    days = [(day, notice_due_for(leaving, day) or day) for day in offered_exits(leaving, on)]
    dates = NoticeDatesStated(
        effective_on=on,
        stated_at=stated_at,
        exit_on=tuple(day + ONE_DAY for day, _ in days),
        last_notice_on=tuple(due for _, due in days),
        **named,
    )
    await advise(session, contract.reference, leaving, parties.supplier, parties.customers, on, stated_at=stated_at)
    await outbox.add_all(
        session, [ExitTermsStated(stated_at=stated_at, **_terms(leaving, on, charges), **named), dates]
    )


def _terms(leaving: Leaving, on: date, functions: Collection[str]) -> dict[str, Any]:
    """Return what `ExitTermsStated` says of the terms of a day; a month of dual running is the charge's by default."""
    breakage = leaving.terms.breakage
    paid = None if breakage is None else [one for one in breakage if one.function is None or one.function in functions]
    terms, pack = leaving.terms, find_pack(leaving.starts_on, subject="notice")
    month = terms.dual_running_pence
    if month is None and terms.dual_running_months is not None:
        month = rounded(Fraction(leaving.annual_pence, 12))
    return {
        "effective_on": on,
        "term_ends_on": leaving.last_day if terms.open_ended else leaving.term_end(leaving.term_on(on)),
        "payment_share": terms.payment_share or "",
        "payment_schedule_from": terms.payment_schedule_from,
        "payment_schedule_pence": terms.payment_schedule_pence,
        "stranded_pence": terms.stranded_pence or _stranded_by_year(leaving, on),
        "stranded_ends_with_term": terms.stranded_ends_with_term or not terms.stranded_pence,
        "breakage_pence": None if paid is None else sum(one.pence for one in paid),
        "breakage_payees": None if paid is None else tuple(one.payee or "" for one in paid),
        "breakage_payee_pence": None if paid is None else tuple(one.pence for one in paid),
        "dual_running_pence": month,
        "dual_running_months": terms.dual_running_months,
        "dual_running_of_charge": terms.dual_running_months is not None and terms.dual_running_pence is None,
        "redundancy_pence": terms.redundancy_pence,
        "redundancy_payer": terms.redundancy_payer or "",
        "reprocurement_pence": terms.reprocurement_pence,
        "pack": pack.id if pack else "",
    }


def _stranded_by_year(leaving: Leaving, on: date) -> tuple[int, ...]:
    """Return the overhead that an end of the whole contract leaves, by year after it, until the supplier sheds it."""
    terms = leaving.terms
    if terms.overhead_pence is None:
        return ()
    years = share_of_a_year(on, leaving.payment_ends_on(on))
    if terms.overhead_sheds_after_months is not None:
        years = min(years, Fraction(terms.overhead_sheds_after_months, 12))
    whole = min(int(years), _YEARS_AT_MOST)
    rest = rounded(terms.overhead_pence * (years - whole)) if whole < _YEARS_AT_MOST else 0
    return (terms.overhead_pence,) * whole + ((rest,) if rest else ())
