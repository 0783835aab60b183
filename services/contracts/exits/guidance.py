"""Advice on how long agreements with commissioning support units run, and the finding about one that exceeds it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.temporal.months import last_day_of_term
from services.contracts.core.models import known
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import Leaving
from services.contracts.exits.views import GuidanceView
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

CSU: Final = "csu"


def guidance_for(reference: str, leaving: Leaving, supplier_kind: str | None) -> GuidanceView | None:
    """Return the advice that a contract exceeds, counted from its first day of service."""
    pack = find_pack(leaving.starts_on, subject="guidance-term")
    if pack is None or supplier_kind != CSU:
        return None
    months = int(pack.values["months"])
    advised = last_day_of_term(leaving.starts_on, months)
    bound = leaving.minimum_ends_on if leaving.terms.open_ended else leaving.last_day
    if bound is None or bound <= advised:
        return None
    text = (
        f"{reference} binds its customers to {bound}, longer than the {months} months of {pack.id}, "
        f"which would have ended on {advised}"
    )
    return GuidanceView(rule_pack=pack.id, citation=pack.citation, text=text, ends_on=advised)


async def advise(
    session: AsyncSession,
    reference: str,
    leaving: Leaving,
    supplier: str,
    customers: Sequence[str],
    on: date,
    *,
    stated_at: datetime,
) -> None:
    """Raise the finding where a contract runs longer than advised, and clear it where its terms no longer do."""
    kind = (await known.status(await raw(session), supplier, as_at=on)).kind
    found, key = guidance_for(reference, leaving, kind), f"length:{reference}"
    if found is None:
        await clear_findings(session, [key], on=on, reason="terms_changed", stated_at=stated_at)
        return
    finding = NewFinding(
        key=key,
        kind=FindingKind.GUIDANCE,
        about=(reference, supplier),
        parties=tuple(customers),
        text=found.text,
        effective_on=on,
        due_on=found.ends_on,
    )
    await raise_findings(session, [finding], stated_at=stated_at)
