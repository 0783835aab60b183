"""Refuses, warns and finds by what the legal form of a supplier may hold."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError
from libs.common.identity import Caller
from services.contracts.bodies.queries import legal_form_of, list_open, list_primary_care
from services.contracts.bodies.rules import PRIMARY_CARE, holding_warning, may_hold, why_not_hold
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

_LAW, _LEFT = "legal_form_allows", "no_longer_held"


async def why_cannot_hold(
    connection: asyncpg.Connection, supplier: str, contract_form: str | None, day: date
) -> list[DomainError]:
    """Return the refusal of a contract that the supplier's legal form of a day, as known now, may not hold."""
    if contract_form not in PRIMARY_CARE:
        return []
    legal_form = await legal_form_of(connection, supplier, as_at=day)
    return why_not_hold(supplier, legal_form, contract_form, day)


async def warn_of_holder(
    session: AsyncSession,
    reference: str,
    supplier: str,
    customers: Sequence[str],
    contract_form: str | None,
    day: date,
    *,
    stated_at: datetime,
) -> None:
    """Raise a finding where no source says whether the supplier may hold a contract that is signed."""
    if contract_form not in PRIMARY_CARE:
        return
    legal_form = await legal_form_of(await raw(session), supplier, as_at=day)
    warning = holding_warning(supplier, legal_form, contract_form, day)
    if warning is None:
        return
    finding = NewFinding(
        key=f"holder:{reference}:{supplier}",
        kind=FindingKind.GUIDANCE,
        about=(reference, supplier),
        parties=(supplier, *customers),
        text=f"{reference}: {warning}",
        effective_on=day,
    )
    await raise_findings(session, [finding], stated_at=stated_at)


async def find_holders(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
    supplier: str | None = None,
) -> int:
    """Find the contracts that run on a day whose supplier's form may not hold them, and clear the others.

    Those are what it may hold, what has ended, and what another supplier has taken over. The contract does not end by
    it. Part of the due work, and of taking up a change of form.
    """
    contracts = await list_primary_care(await raw(session), up_to, supplier)
    refused = [one for one in contracts if may_hold(one.legal_form, one.contract_form, up_to).answer == "no"]
    findings = [
        NewFinding(
            key=one.finding,
            kind=FindingKind.FORM_CANNOT_HOLD,
            about=(one.reference, one.supplier),
            parties=(one.supplier, *one.customers),
            text=f"{one.reference}: {one.supplier} is a {one.legal_form}, which may not hold {one.contract_form}",
            effective_on=up_to,
        )
        for one in refused
    ]
    settled = [one.finding for one in contracts if one not in refused]
    done = await raise_findings(session, findings, stated_at=stated_at)
    still_open = await list_open(await raw(session), FindingKind.FORM_CANNOT_HOLD.value, supplier)
    left = set(still_open).difference(one.finding for one in contracts)
    done += await clear_findings(session, left, on=up_to, reason=_LEFT, stated_at=stated_at)
    return done + await clear_findings(session, settled, on=up_to, reason=_LAW, stated_at=stated_at)
