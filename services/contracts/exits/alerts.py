"""Announces notice windows ahead of their last day, and those that were missed, each once, by due work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.money import pounds
from libs.common.rulepacks import RulePack
from libs.common.temporal.days import LATEST
from libs.common.temporal.months import after_months
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.conditions import conditions_in, rules_on
from services.contracts.core.exit_terms import exit_terms_of
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import ONE_DAY, Leaving, charge_if_missed, exits_on, watched_window
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

# Only what renews or is open-ended has a window to miss; a notice that stands closes it.
_IS_WATCHED = """
       c.status = 'signed' AND c.starts_on <= $1
   AND (amended.exit_terms ->> 'renewal_months' IS NOT NULL OR amended.exit_terms -> 'open_ended' = 'true')
   AND NOT EXISTS (SELECT FROM exit_notice n
                    WHERE n.contract_id = c.id AND n.faults = '{}' AND n.functions = '{}' AND n.leaving = '{}'
                      AND NOT EXISTS (SELECT FROM exit_notice_act a
                                       WHERE a.notice_id = n.id AND a.act = 'withdrawal'))
"""

# Those alone of which something may be different: on the day kept, after any change, and under another pack. What was
# stated for a later day (parties, lines, conditions) is looked at on that day.
_WATCHED = f"""
SELECT c.id, c.version, c.reference, c.starts_on, c.last_day, c.notice_months, c.earliest_exit_on,
       c.exit_terms::text AS exit_terms_text, c.other_parties::text AS other_parties_text,
       amended.conditions AS amended,
       {pence_then("$1::date", KNOWN_NOW)} AS annual_pence,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND b.valid @> $1::date AND upper_inf(b.known)
              ORDER BY cc.customer_code) AS customers,
       (SELECT min(day) FROM (
               SELECT lower(valid) AS day FROM contract_condition_belief WHERE subject_id = c.id AND upper_inf(known)
                UNION ALL
               SELECT lower(valid) FROM contract_terms_belief WHERE subject_id = c.id AND upper_inf(known)
                UNION ALL
               SELECT lower(b.valid) FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
                WHERE cc.contract_id = c.id AND upper_inf(b.known)) stated
         WHERE day > $1) AS changes_on
  FROM contract c {rules_on("$1::date")}
  LEFT JOIN notice_watch w ON w.contract_id = c.id
 WHERE {_IS_WATCHED} AND (w.contract_id IS NULL OR w.version <> c.version OR w.pack <> $2 OR w.look_on <= $1)
 ORDER BY c.id LIMIT $3
"""  # noqa: S608  (what is put in is ours)

_WATCH = """
INSERT INTO notice_watch (contract_id, version, pack, look_on)
SELECT unnest($1::int[]), unnest($2::int[]), $3, unnest($4::date[])
    ON CONFLICT (contract_id) DO UPDATE
   SET version = excluded.version, pack = excluded.pack, look_on = excluded.look_on
"""

# The open findings of the contracts that were looked at, and so many of those that have no window any longer.
_OPEN = f"""
SELECT key FROM finding WHERE cleared_at IS NULL AND kind = ANY($2) AND about[1] = ANY($3)
 UNION ALL
(SELECT f.key FROM finding f
  WHERE f.cleared_at IS NULL AND f.kind = ANY($2)
    AND NOT EXISTS (SELECT FROM contract c {rules_on("$1::date")} WHERE c.reference = f.about[1] AND {_IS_WATCHED})
  ORDER BY f.id LIMIT $4)
"""  # noqa: S608  (what is put in is ours)
AT_ONCE = 1_000
"""Contracts that one piece of due work looks at."""
_KINDS = [FindingKind.NOTICE_WINDOW_OPENS.value, FindingKind.NOTICE_WINDOW_MISSED.value]


@in_order_of_days("notice windows")
async def announce_windows(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the findings about the next notice windows so that they are as on a day.

    Return how many changed; 1 where none did, and there may be more contracts to look at.
    """
    pack = find_pack(up_to, subject="exit-alerts")
    if pack is None:
        return 0
    connection = await raw(session)
    rows = await connection.fetch(_WATCHED, up_to, pack.id, AT_ONCE)
    windows = [window_on(row, up_to, pack) for row in rows]
    findings = {one.finding.key: one.finding for one in windows if one.finding is not None}
    looked_at = [row["reference"] for row in rows]
    open_keys = {row["key"] for row in await connection.fetch(_OPEN, up_to, _KINDS, looked_at, AT_ONCE)}
    next_days = [min(row["changes_on"] or LATEST, one.look_on) for row, one in zip(rows, windows, strict=True)]
    await connection.execute(_WATCH, [row["id"] for row in rows], [row["version"] for row in rows], pack.id, next_days)
    past = open_keys - findings.keys()
    cleared = await clear_findings(session, past, on=up_to, reason="window_closed", stated_at=stated_at)
    changed = cleared + await raise_findings(session, list(findings.values()), stated_at=stated_at)
    return changed or int(len(rows) == AT_ONCE)


@dataclass(frozen=True, slots=True)
class Window:
    """What there is to say of a contract's window on a day, and the next day on which that may be something else."""

    finding: NewFinding | None
    look_on: date


def window_on(row: Mapping[str, Any], day: date, pack: RulePack) -> Window:
    """Return the finding about a contract's window on a day: that it was missed, or that its end comes near."""
    conditions = {**row, **conditions_in(row)}
    leaving = Leaving(
        starts_on=row["starts_on"],
        last_day=row["last_day"],
        notice_months=conditions["notice_months"],
        annual_pence=row["annual_pence"],
        not_before=conditions["earliest_exit_on"],
        terms=exit_terms_of(conditions["exit_terms"]),
    )
    position, window = exits_on(leaving, day), watched_window(leaving, day)
    due = position.last_notice_on
    if due is None or window is None or not row["customers"]:
        return Window(None, LATEST)
    days = [since for since, _ in announced_on(due, pack)]
    look_on = min(one for one in (*days, due + ONE_DAY, window + ONE_DAY, LATEST) if one > day)
    kind, ahead, exposure = FindingKind.NOTICE_WINDOW_MISSED, "", charge_if_missed(leaving, day)
    since = due + ONE_DAY
    if not position.is_missed:
        reached = [(since, name) for since, name in announced_on(due, pack) if since <= day]
        if not reached:
            return Window(None, look_on)
        since, ahead = max(reached)
        kind = FindingKind.NOTICE_WINDOW_OPENS
    passed = "passed" if position.is_missed else "is"
    finding = NewFinding(
        key=":".join(part for part in (kind.value, row["reference"], due.isoformat(), ahead) if part),
        kind=kind,
        about=(row["reference"],),
        parties=tuple(row["customers"]),
        text=f"{row['reference']}: the last notice day for {window} {passed} {due}; {pounds(exposure)} depend on it",
        effective_on=since,
        due_on=due,
        exposure_pence=exposure,
    )
    return Window(finding, look_on)


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
