"""Finds the instruments that a merger leaves to be made again: their paper waits, or the shares of their fund do.

The paper waits as contracts publishes it. Shares of a pooled fund name bodies; where one has merged, those who live on
have to agree on others.
"""

import json
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.believed import as_known
from services.governance.core.believed import believed
from services.governance.core.members import lives_on
from services.governance.core.models import Facet
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.instruments.models import instrument_time
from services.governance.subjects.agreements import WAITS

_NOW = datetime.max.replace(tzinfo=UTC)
_KIND = FindingKind.INSTRUMENT_TO_REMAKE

TO_REMAKE = f"""
SELECT i.reference, i.agreement, m.value AS parties, w.successor, min(w.since) AS since,
       min(w.organisation) AS organisation, bool_or(w.of_paper) AS of_paper
  FROM instrument i
  JOIN {believed(instrument_time, "stands", Facet.STANDS, "i.id")}
  JOIN {believed(instrument_time, "m", Facet.MEMBERS, "i.id")}
  JOIN LATERAL (
       SELECT a.successor, a.since, true AS of_paper,
              (SELECT min(s.code) FROM known_succession s
                WHERE s.successor = a.successor AND s.effective_on = a.since AND {as_known("s")}) AS organisation
         FROM ({WAITS}) a WHERE a.agreement = i.agreement AND NOT a.ended
        UNION ALL
       SELECT s.successor, s.effective_on, false, s.code
         FROM known_succession s
        WHERE i.fund <> '' AND s.merger <> '' AND s.effective_on <= $1::date AND {as_known("s")}
          AND m.value::jsonb ? s.code) w ON true
 GROUP BY i.reference, i.agreement, m.value, w.successor
"""  # noqa: S608  (only names of ours are put in)
"""The instruments that wait on a day ($1), as known ($2), each with the successor that has to see to it."""
_STATED = "SELECT stated_at FROM known_agreement WHERE agreement = $1"
_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL AND raised_on <= $2"


async def find_instruments_to_remake(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the findings about instruments to be made again, as on a day; return how many changed.

    What was found of a later day stays: this may be called for an event that came late.
    """
    connection = await raw(session)
    rows = await connection.fetch(TO_REMAKE, up_to, _NOW)
    there = await lives_on(connection, {code for row in rows for code in json.loads(row["parties"])}, on=up_to)
    waiting = {
        f"{_KIND}:{row['reference']}:{row['successor']}": NewFinding(
            key=f"{_KIND}:{row['reference']}:{row['successor']}",
            kind=_KIND,
            about=(row["reference"], *([row["agreement"]] if row["agreement"] else [])),
            parties=sorted({there[code] for code in json.loads(row["parties"])}),
            text=_text(row["reference"], row["agreement"] if row["of_paper"] else "", row["successor"]),
            effective_on=row["since"],
        )
        for row in rows
    }
    past = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value, up_to)} - waiting.keys()
    done = await clear_findings(session, past, on=up_to, reason="no_longer_waits", stated_at=stated_at)
    return done + await raise_findings(session, list(waiting.values()), stated_at=stated_at)


def _text(instrument: str, agreement: str, successor: str) -> str:
    if agreement:
        return f"{instrument} binds no organisation until {successor} makes agreement {agreement} again"
    return f"{instrument}: the shares of its pooled fund name bodies that merged into {successor}"


async def stated_up_to(db: Reads, agreement: str, *, at_least: date) -> date:
    """Return the last day on which something was stated of an agreement: a late event is judged by all of it."""
    rows = await db.fetch(_STATED, agreement)
    return max([at_least, *(day_of(row["stated_at"]) for row in rows)])
