"""Raises and clears findings, each once, however often it is found."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractFindingCleared, ContractFindingRaised
from libs.common.messaging import outbox
from services.contracts.findings.models import FindingKind

# Lists have no commas between their parts: arrays of arrays must be rectangular in SQL.
_BETWEEN = "\x1f"

_RAISE = f"""
INSERT INTO finding (key, kind, about, parties, due_on, exposure_pence, text, raised_on, raised_at)
SELECT k, s, string_to_array(a, '{_BETWEEN}'), string_to_array(p, '{_BETWEEN}'), d, e, x, r, $9
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::bigint[], $7::text[], $8::date[])
       WITH ORDINALITY AS new (k, s, a, p, d, e, x, r, n)
 ORDER BY n
    ON CONFLICT (key) WHERE cleared_at IS NULL DO NOTHING
RETURNING key
"""  # noqa: S608  (the only value put in is the constant above)

_CLEAR = """
UPDATE finding SET cleared_on = $2, cleared_at = greatest($3, raised_at), reason = $4
 WHERE key = ANY($1) AND cleared_at IS NULL
RETURNING key, kind, about, parties, cleared_at
"""


class NewFinding(NamedTuple):
    """Something that needs attention, so from `effective_on`; the same `key` is the same finding.

    `about` are references and codes, `parties` the bodies whom it concerns: they alone read it. `exposure_pence` is
    what missing `due_on` costs, None where that is not known. `text` is a sentence of codes, names and figures, without
    anything that a person typed.
    """

    key: str
    kind: FindingKind
    about: Sequence[str]
    parties: Sequence[str]
    text: str
    effective_on: date
    due_on: date | None = None
    exposure_pence: int | None = None


async def raise_findings(session: AsyncSession, findings: Sequence[NewFinding], *, stated_at: datetime) -> int:
    """Raise the findings that are not open; publish each. Return how many are new."""
    if not findings:
        return 0
    by_key = {one.key: one for one in findings}
    ordered = list(by_key.values())
    rows = await (await raw(session)).fetch(
        _RAISE,
        [one.key for one in ordered],
        [one.kind.value for one in ordered],
        [_BETWEEN.join(one.about) for one in ordered],
        [_BETWEEN.join(sorted(set(one.parties))) for one in ordered],
        [one.due_on for one in ordered],
        [one.exposure_pence for one in ordered],
        [one.text for one in ordered],
        [one.effective_on for one in ordered],
        stated_at,
    )
    new = [by_key[row["key"]] for row in rows]
    await outbox.add_all(session, [_raised(one, stated_at) for one in new])
    return len(new)


async def clear_findings(
    session: AsyncSession, keys: Collection[str], *, on: date, reason: str, stated_at: datetime
) -> int:
    """Clear the open findings of these keys as of a day; publish each. Return how many were open.

    `reason` is a code, such as `signed`.
    """
    if not keys:
        return 0
    rows = await (await raw(session)).fetch(_CLEAR, sorted(set(keys)), on, stated_at, reason)
    events = [
        ContractFindingCleared(
            effective_on=on,
            stated_at=row["cleared_at"],
            finding=row["key"],
            about=tuple(row["about"]),
            parties=tuple(row["parties"]),
            kind=row["kind"],
            reason=reason,
        )
        for row in sorted(rows, key=lambda row: str(row["key"]))
    ]
    await outbox.add_all(session, events)
    return len(events)


def _raised(finding: NewFinding, stated_at: datetime) -> ContractFindingRaised:
    return ContractFindingRaised(
        effective_on=finding.effective_on,
        stated_at=stated_at,
        finding=finding.key,
        about=tuple(finding.about),
        parties=tuple(sorted(set(finding.parties))),
        kind=finding.kind.value,
        due_on=finding.due_on,
        exposure_pence=finding.exposure_pence,
        text=finding.text,
    )
