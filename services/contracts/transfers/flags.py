"""Flags contracts of a party that closed without a successor, or that others share: no party changes by itself."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Final, NamedTuple

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.process.clock import day_of
from libs.common.temporal.believed import about
from libs.organisations.mergers import BelievedSuccession, mergers_of
from libs.organisations.statements import Facet
from libs.organisations.successions import BOTH_CONTINUE
from services.contracts.core.models import known
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.transfers.commands import AT_ONCE

_KINDS: Final = (FindingKind.PARTY_CLOSED.value, FindingKind.SHARE_TO_SETTLE.value)

_CLOSED = f"""
SELECT o.code, lower(b.valid) AS closed_on
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id AND {about("b", Facet.LIFE)}
 WHERE o.code = ANY($1) AND b.value = 'closed' AND upper_inf(b.known) AND upper_inf(b.valid)
"""  # noqa: S608  (what is put in is ours)

_FOLLOWED = f"""
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {known.successions.beliefs} WHERE code = ANY($1) AND upper_inf(known)
"""  # noqa: S608  (the name of a table of ours)

# The contracts of which a body is a party on a day or later, as a customer where it is both: its day is the $2 of the
# same place.
_PARTY_TO = """
SELECT DISTINCT ON (asked.code, asked.day, c.reference)
       asked.code, asked.day, c.reference, coalesce(c.exit_day, c.term_end, c.last_day) AS ends_on, is_customer,
       coalesce(supplier.value, c.supplier_code) AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id AND upper_inf(b.known)
                AND b.valid @> greatest(asked.day, c.starts_on)
              WHERE cc.contract_id = c.id ORDER BY cc.customer_code) AS customers
  FROM unnest($1::text[], $2::date[]) AS asked (code, day)
  JOIN LATERAL (
       SELECT cc.contract_id, true AS is_customer FROM contract_customer cc
         JOIN contract_customer_belief b ON b.subject_id = cc.id AND upper_inf(b.known)
                                        AND b.valid && daterange(asked.day, NULL)
        WHERE cc.customer_code = asked.code
        UNION
       SELECT s.id, false FROM contract s WHERE s.supplier_code = asked.code
        UNION
       SELECT b.subject_id, false FROM contract_supplier_belief b WHERE b.value = asked.code) named ON true
  JOIN contract c ON c.id = named.contract_id AND c.status <> 'draft'
       AND coalesce(c.exit_day, c.term_end, c.last_day) >= asked.day
  LEFT JOIN contract_supplier_belief supplier
    ON supplier.subject_id = c.id AND upper_inf(supplier.known)
   AND supplier.valid @> greatest(asked.day, c.starts_on)
 WHERE is_customer OR coalesce(supplier.value, c.supplier_code) = asked.code
 ORDER BY asked.code, asked.day, c.reference, is_customer DESC
"""

_OPEN = "SELECT key FROM finding WHERE cleared_at IS NULL AND kind = ANY($2) AND about && $1::text[]"


class _Flag(NamedTuple):
    """Why the contracts of a body need attention from a day on."""

    code: str
    day: date
    kind: FindingKind
    successors: tuple[tuple[str, str], ...] = ()
    """Of a body that was divided: each successor with its share, empty where none is stated."""

    @property
    def name(self) -> str:
        """What the key of a finding adds, so that other shares are another finding."""
        return " ".join([self.code, str(self.day), *(f"{code}={share}" for code, share in self.successors)])

    def text(self, contract: str, role: str, ends_on: date) -> str:
        """Return the sentence about one contract."""
        if self.kind is FindingKind.PARTY_CLOSED:
            return f"{self.code} closed on {self.day} without a successor: it is {role} of {contract}, to {ends_on}"
        proposed = ", ".join(f"{code} {share}" if share else code for code, share in self.successors)
        return f"{self.code}, {role} of {contract}, was divided on {self.day}: proposed are {proposed}"


async def flag_parties(session: AsyncSession, codes: Collection[str], *, stated_at: datetime) -> int:
    """Raise what these bodies' closing or division leaves open in their contracts, and clear what no longer is open.

    What is open follows from what is known now alone, so that events in any order, and twice, lead to the same. Returns
    how many findings were raised or cleared.
    """
    connection = await raw(session)
    flags = {(one.code, one.day): one for one in await _flags(connection, codes)}
    gone = {row["key"] for row in await connection.fetch(_OPEN, sorted(codes), list(_KINDS))}
    asked = [code for code, _ in flags], [day for _, day in flags]
    party_to, raised = await connection.cursor(_PARTY_TO, *asked), 0
    while rows := await party_to.fetch(AT_ONCE):
        wanted = [_finding(flags[row["code"], row["day"]], row) for row in rows]
        gone.difference_update(one.key for one in wanted)
        raised += await raise_findings(session, wanted, stated_at=stated_at)
    cleared = await clear_findings(session, gone, on=day_of(stated_at), reason="superseded", stated_at=stated_at)
    return raised + cleared


async def _flags(connection: asyncpg.Connection, codes: Collection[str]) -> list[_Flag]:
    rows = [BelievedSuccession(*row) for row in await connection.fetch(_FOLLOWED, sorted(codes))]
    whole = {(code, one.effective_on) for one in mergers_of(rows) for code in one.predecessors}
    divided: dict[tuple[str, date], dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.shape not in BOTH_CONTINUE and (row.code, row.effective_on) not in whole:
            divided[row.code, row.effective_on][row.successor] = row.share
    flags = [
        _Flag(code, day, FindingKind.SHARE_TO_SETTLE, tuple(sorted(shares.items())))
        for (code, day), shares in sorted(divided.items())
    ]
    followed = {row.code for row in rows if row.shape not in BOTH_CONTINUE}
    closed = await connection.fetch(_CLOSED, sorted(set(codes) - followed))
    return [*flags, *(_Flag(row["code"], row["closed_on"], FindingKind.PARTY_CLOSED) for row in closed)]


def _finding(flag: _Flag, row: asyncpg.Record) -> NewFinding:
    """Return what is open in one contract."""
    role = "customer" if row["is_customer"] else "supplier"
    parties = [*row["customers"], *(code for code, _ in flag.successors)]
    return NewFinding(
        f"{flag.kind} {row['reference']} {flag.name}",
        flag.kind,
        [row["reference"], flag.code],
        parties if row["is_customer"] and flag.successors else [*parties, row["supplier"]],
        flag.text(row["reference"], role, row["ends_on"]),
        flag.day,
    )
