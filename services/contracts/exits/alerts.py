"""Announces notice windows ahead of their last day, and those that were missed, each once, by due work."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.money import pounds
from libs.common.rulepacks import RulePack
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.exit_terms import exit_terms_of
from services.contracts.core.notice import after_months
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import ONE_DAY, Leaving, charge_between, exits_on, watched_window
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

# Only what renews or is open-ended has a window to miss; a notice that stands closes it.
_WATCHED = f"""
SELECT c.reference, c.starts_on, c.last_day, c.notice_months, c.earliest_exit_on, c.exit_terms::text AS exit_terms,
       {pence_then("$1::date", KNOWN_NOW)} AS annual_pence,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND b.valid @> $1::date AND upper_inf(b.known)
              ORDER BY cc.customer_code) AS customers
  FROM contract c
 WHERE c.status = 'signed' AND c.starts_on <= $1
   AND (c.exit_terms ->> 'renewal_months' IS NOT NULL OR c.exit_terms -> 'open_ended' = 'true')
   AND NOT EXISTS (SELECT FROM exit_notice n
                    WHERE n.contract_id = c.id AND n.faults = '{{}}'
                      AND NOT EXISTS (SELECT FROM exit_notice_act a
                                       WHERE a.notice_id = n.id AND a.act = 'withdrawal'))
 ORDER BY c.id
"""  # noqa: S608  (what is put in is ours)

_OPEN = "SELECT key FROM finding WHERE cleared_at IS NULL AND kind = ANY($1)"
_KINDS = [FindingKind.NOTICE_WINDOW_OPENS.value, FindingKind.NOTICE_WINDOW_MISSED.value]


async def announce_windows(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the findings about notice windows so that they are as on a day; return how many changed."""
    pack = find_pack(up_to, subject="exit-alerts")
    if pack is None:
        return 0
    connection = await raw(session)
    findings: dict[str, NewFinding] = {}
    for row in await connection.fetch(_WATCHED, up_to):
        finding = window_on(row, up_to, pack)
        if finding is not None:
            findings[finding.key] = finding
    open_keys = {row["key"] for row in await connection.fetch(_OPEN, _KINDS)}
    past = open_keys - findings.keys()
    cleared = await clear_findings(session, past, on=up_to, reason="window_closed", stated_at=stated_at)
    return cleared + await raise_findings(session, list(findings.values()), stated_at=stated_at)


def window_on(row: Mapping[str, Any], day: date, pack: RulePack) -> NewFinding | None:
    """Return the finding about a contract's window on a day: that it was missed, or that its end comes near."""
    leaving = Leaving(
        starts_on=row["starts_on"],
        last_day=row["last_day"],
        notice_months=row["notice_months"],
        annual_pence=row["annual_pence"],
        not_before=row["earliest_exit_on"],
        terms=exit_terms_of(json.loads(row["exit_terms"])),
    )
    position, window = exits_on(leaving, day), watched_window(leaving, day)
    due = position.last_notice_on
    if due is None or window is None or not row["customers"]:
        return None
    kind, ahead, exposure = FindingKind.NOTICE_WINDOW_MISSED, "", position.exposure_pence
    since = due + ONE_DAY
    if not position.is_missed:
        reached = [(since, name) for since, name in announced_on(due, pack) if since <= day]
        if not reached:
            return None
        since, ahead = max(reached)
        following = position.next_end or window
        kind, exposure = (
            FindingKind.NOTICE_WINDOW_OPENS,
            charge_between(leaving.annual_pence, window + ONE_DAY, following),
        )
    passed = "passed" if position.is_missed else "is"
    return NewFinding(
        key=":".join(part for part in (kind.value, row["reference"], due.isoformat(), ahead) if part),
        kind=kind,
        about=(row["reference"],),
        parties=tuple(row["customers"]),
        text=f"{row['reference']}: the last notice day for {window} {passed} {due}; {pounds(exposure)} depend on it",
        effective_on=since,
        due_on=due,
        exposure_pence=exposure,
    )


def announced_on(due: date, pack: RulePack) -> list[tuple[date, str]]:
    """Return the days on which a window is announced, by the pack's months and days before its last notice day."""
    months = [(_months_before(due, count), f"{count}m") for count in pack.values["months"]]
    return months + [(due - timedelta(days=count), f"{count}d") for count in pack.values["days"]]


def _months_before(due: date, months: int) -> date:
    """Return the latest day from which so many months do not pass the notice day."""
    day = due - timedelta(days=31 * months + 3)
    while after_months(day + ONE_DAY, months) <= due:
        day += ONE_DAY
    return day
