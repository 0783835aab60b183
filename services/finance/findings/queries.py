"""Reads findings that concern the caller, the one whose day comes first in front."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.findings import FindingFilter
from libs.common.identity import Caller
from services.finance.core.sight import sight_of
from services.finance.findings.models import FINDINGS

__all__ = ["FindingFilter", "list_findings"]


async def list_findings(
    db: Reads,
    filters: FindingFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: tuple[date, int] | None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """Return what was open on the day, as known at the instant, of what concerns the caller."""
    codes = (await sight_of(db, by)).among(None)
    return await FINDINGS.list_all(db, filters, codes=codes, as_at=as_at, as_known=as_known, after=after, limit=limit)
