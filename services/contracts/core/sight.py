"""Decides who may read what of which contract: one rule for every read, and for what a command may know to exist.

A caller reads a signed contract as at the days on which one of its codes is a party, as customer or supplier: its own
codes and those of the bodies that they succeeded. Who is a party no longer reads what was known by the end of its last
day, so nothing that was agreed since. A draft is read by those of its customers for whom its author acted, and once it
is awarded by every customer that it names and by its supplier. A national body reads every contract; the role
`operator` gives no sight of any.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.errors import ContractNotFound, ProposalUnconfirmed
from services.contracts.core.models import known

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# In the SQL of sight, $1 is the day asked about, $2 the instant, $4 the codes that the caller reads through (null:
# every one), and `c` the contract. IS TRUE: see libs.common.temporal.believed.
# A conditional contract is read as a draft is, of whatever instant before its ratification is asked.
IS_DRAFT: Final = "(c.status = 'draft' OR c.committed_at <= $2::timestamptz AND c.signed_at > $2::timestamptz)"
_KNOWN = "(b.known @> $2::timestamptz) IS TRUE"
_ALWAYS = "'{(,)}'::datemultirange"

PARTY: Final = f"""
      CROSS JOIN LATERAL (
           SELECT CASE WHEN $4::text[] IS NULL THEN {_ALWAYS}
                  ELSE coalesce((SELECT range_agg(b.valid) FROM contract_customer cc
                                   JOIN contract_customer_belief b ON b.subject_id = cc.id
                                  WHERE cc.contract_id = c.id AND cc.customer_code = ANY($4) AND {_KNOWN}), '{{}}')
                  END AS buying,
                  CASE WHEN $4::text[] IS NULL THEN {_ALWAYS}
                  WHEN c.supplier_code = ANY($4)
                  THEN {_ALWAYS} - coalesce((SELECT range_agg(b.valid) FROM contract_supplier_belief b
                                    WHERE b.subject_id = c.id AND b.value <> ALL($4) AND {_KNOWN}), '{{}}')
                  ELSE coalesce((SELECT range_agg(b.valid) FROM contract_supplier_belief b
                                    WHERE b.subject_id = c.id AND b.value = ANY($4) AND {_KNOWN}), '{{}}')
                  END AS supplying
           OFFSET 0) party
      CROSS JOIN LATERAL (
           SELECT party.buying + party.supplying AS days,
                  CASE WHEN upper_inf(party.buying + party.supplying) OR {IS_DRAFT} THEN $2::timestamptz
                  ELSE least($2::timestamptz, greatest(c.signed_at,
                             upper(party.buying + party.supplying)::timestamp AT TIME ZONE 'Europe/London'
                             - interval '1 microsecond')) END AS known,
                  upper_inf(party.buying + party.supplying) OR c.status = 'draft' AS is_current
           OFFSET 0) sight
"""  # noqa: S608  (only what stands above is put in)
"""Joins `party`, the days on which the caller buys or supplies, and `sight`: all its days, and up to when it knows.

OFFSET 0 keeps the planner from working the days out once for each time that they are named.
"""

_OF_DRAFT = """(c.drafted_at <= $2::timestamptz AND ($4::text[] IS NULL
                OR c.awarded_at <= $2::timestamptz AND c.supplier_code = ANY($4)
                OR (c.awarded_at <= $2::timestamptz OR c.drafted_for && $4) AND EXISTS (
                SELECT FROM contract_customer cc WHERE cc.contract_id = c.id AND cc.customer_code = ANY($4))))"""

ON_THE_DAY: Final = f"""CASE WHEN {IS_DRAFT} THEN {_OF_DRAFT}
          ELSE c.signed_at <= $2::timestamptz AND sight.days @> $1::date END"""
"""Asks that the caller reads the contract as at the day."""
ON_ANY_DAY: Final = f"""CASE WHEN {IS_DRAFT} THEN {_OF_DRAFT}
          ELSE c.signed_at <= $2::timestamptz AND NOT isempty(sight.days) END"""
"""Asks that the caller reads the contract as at some day."""

_AMONG = f"""
SELECT c.reference FROM contract c {PARTY} WHERE c.reference = ANY($3::text[]) AND {ON_THE_DAY}
"""  # noqa: S608  (only what stands above is put in)


_PROPOSED = """
SELECT reference FROM contract_proposal
 WHERE reference = ANY($1) AND ($2::text[] IS NULL OR customer = ANY($2)) ORDER BY reference
"""


async def reads_through(db: Reads, by: Caller) -> list[str] | None:
    """Return the codes through which the caller reads: its own and their predecessors; None: all, a national body."""
    if by.is_national:
        return None
    return sorted(by.organisations | await known.predecessors(db, by.organisations))


async def must_know(db: Reads, references: Collection[str], *, by: Caller, today: date) -> None:
    """Raise ContractNotFound for the contracts that the caller may not know to exist, and those that do not exist.

    Raises ProposalUnconfirmed where one of these is a proposal that the caller reads.
    """
    codes = await reads_through(db, by)
    rows = await db.fetch(_AMONG, today, _NOW, list(references), codes)
    if missing := set(references).difference(row["reference"] for row in rows):
        await _must_be_no_proposals(db, sorted(missing), codes)
    must_all_exist(references, {row["reference"] for row in rows})


async def _must_be_no_proposals(db: Reads, references: Sequence[str], codes: Sequence[str] | None) -> None:
    rows = await db.fetch(_PROPOSED, references, codes)
    if proposed := [row["reference"] for row in rows]:
        raise ProposalUnconfirmed(f"{', '.join(proposed)}: no contract, but a proposal of one")


def must_all_exist(references: Collection[str], existing: Collection[str]) -> None:
    """Raise ContractNotFound, with each reference that is not among the existing ones."""
    if missing := sorted(set(references).difference(existing)):
        raise ContractNotFound(f"no contract {', '.join(missing)} is known")


_SIGHT = f"""
SELECT c.id, c.reference, c.status, sight.known, sight.is_current, party.buying @> $1::date AS buys
  FROM contract c {PARTY} WHERE c.reference = $3 AND {ON_THE_DAY}
"""  # noqa: S608  (only what stands above is put in)


@dataclass(frozen=True, slots=True)
class ContractSight:
    """How far a caller reads a contract as at a day: what was stated of it by `known`, and nothing later."""

    id: int
    reference: str
    status: str
    known: datetime
    is_current: bool
    buys: bool | None


async def sight_of(db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None) -> ContractSight:
    """Return how far the caller reads a contract as at a day. Raises ContractNotFound where it does not.

    For what hangs on a contract in tables of other packages: their rows count up to `known`.
    """
    rows = await db.fetch(_SIGHT, as_at, as_known or _NOW, reference, await reads_through(db, by))
    must_all_exist([reference], [row["reference"] for row in rows])
    return ContractSight(*rows[0])
