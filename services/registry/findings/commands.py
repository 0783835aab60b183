"""Raises and clears findings, each once, however often it is found."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.findings import NewFinding
from services.registry.findings.models import FINDINGS

__all__ = ["NewFinding", "clear_findings", "raise_findings"]


async def raise_findings(session: AsyncSession, findings: Sequence[NewFinding], *, stated_at: datetime) -> int:
    """Raise the findings that are not open; publish each. Return how many are new."""
    return await FINDINGS.raise_all(session, findings, stated_at=stated_at)


async def clear_findings(
    session: AsyncSession, keys: Collection[str], *, on: date, reason: str, stated_at: datetime
) -> int:
    """Clear the open findings of these keys as of a day; publish each. Return how many were open.

    `reason` is a code, such as `signed`.
    """
    return await FINDINGS.clear_all(session, keys, on=on, reason=reason, stated_at=stated_at)
