"""Reads proposals with where they stand, as at a day, as known at an instant.

Who acts for the proposer reads a proposal, and so does a national body; who acts for an organisation that is asked
reads it from the day on which it was opened.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from services.governance.core.believed import believed
from services.governance.core.members import organisations_of_each
from services.governance.core.models import Facet, body_time
from services.governance.proposals.errors import ProposalNotFound
from services.governance.proposals.models import ActKind
from services.governance.proposals.rules import Done, Standing, standing

_NOW = datetime.max.replace(tzinfo=UTC)

_PROPOSALS = """
SELECT p.reference, p.organisation, p.kind, p.action, p.subject, p.revision, p.value_pence, p.annual_pence, p.recurrent,
       p.series, p.case_reference, p.case_version, p.digest, p.due_on, p.drafted_on, p.stated_at
  FROM proposal p
 WHERE p.drafted_on <= $1 AND p.stated_at <= $2
   AND ($3::text[] IS NULL OR p.reference = ANY($3))
   AND ($4::text IS NULL OR p.organisation = $4 OR EXISTS (
        SELECT FROM proposal_consent c WHERE c.proposal = p.reference AND $4 = ANY(c.organisations)))
   AND ($5::text IS NULL OR p.subject = $5)
   AND ($6::text IS NULL OR EXISTS (
        SELECT FROM proposal_consent c WHERE c.proposal = p.reference AND c.body = $6))
   AND ($7::text IS NULL OR p.kind = $7)
   AND ($8::text[] IS NULL OR p.organisation = ANY($8) OR EXISTS (
        SELECT FROM proposal_consent c JOIN proposal_act o ON o.proposal = c.proposal
         WHERE c.proposal = p.reference AND c.organisations && $8
           AND o.what = 'opened' AND o.effective_on <= $1 AND o.stated_at <= $2))
   AND ($9::text IS NULL OR p.reference > $9)
 ORDER BY p.reference LIMIT $10
"""
_CONSENTS = """
SELECT proposal, body, organisations FROM proposal_consent WHERE proposal = ANY($1::text[]) ORDER BY proposal, body
"""
_ACTS = """
SELECT proposal, id, what, effective_on, stated_at, body, code, outcome, reference, conditions, still_asked,
       until_on, lawful, revision
  FROM proposal_act WHERE proposal = ANY($1::text[]) AND stated_at <= $2 ORDER BY id
"""


_LAST = """
SELECT a.id, a.what, a.effective_on, a.stated_at, a.body, a.outcome, a.reference
  FROM proposal_act a JOIN proposal p ON p.reference = a.proposal
 WHERE p.subject = $1 AND a.body = $2 AND a.what = 'decided' AND a.effective_on <= $3
   AND (starts_with(p.action || '.', $4::text || '.') OR starts_with($4::text || '.', p.action || '.'))
   AND NOT EXISTS (SELECT FROM proposal_act r
                    WHERE r.proposal = a.proposal AND r.what = 'reversed' AND r.reference = a.reference
                      AND r.effective_on <= $3)
 ORDER BY a.effective_on DESC, a.stated_at DESC, a.id DESC LIMIT 1
"""
_BODIES = f"""
SELECT b.reference, b.organisation
  FROM body b JOIN {believed(body_time, "s", Facet.STANDS, "b.id")}
 WHERE b.reference = ANY($3::text[]) OR b.within_id IS NULL AND b.organisation = ANY($4::text[])
 ORDER BY b.reference
"""  # noqa: S608  (only names of ours are put in)

# Whose consent a proposal awaits, and from when it is lawfully deferred: as `standing` in rules.py has it. $1 the day,
# $2 the instant.
AWAITED = f"""
SELECT p.reference, p.due_on, o.opened_on, c.body, b.id AS body_id, c.organisations, (
       SELECT min(d.effective_on) FROM proposal_act d
        WHERE d.proposal = p.reference AND d.what = 'deferred' AND d.body = c.body AND d.lawful
          AND d.effective_on <= $1 AND d.stated_at <= $2 AND (d.until_on IS NULL OR d.until_on > $1)
          AND NOT EXISTS (SELECT FROM proposal_act l
                           WHERE l.proposal = d.proposal AND l.what = 'deferred' AND l.body = d.body
                             AND l.effective_on = d.effective_on AND l.stated_at <= $2
                             AND (l.stated_at, l.id) > (d.stated_at, d.id))) AS deferred_on
  FROM proposal p
  JOIN proposal_consent c ON c.proposal = p.reference
  JOIN body b ON b.reference = c.body
  JOIN {believed(body_time, "s", Facet.STANDS, "b.id")}
  JOIN LATERAL (
       SELECT min(a.effective_on) AS opened_on FROM proposal_act a
        WHERE a.proposal = p.reference AND a.what = 'opened' AND a.effective_on <= $1 AND a.stated_at <= $2
       HAVING count(*) > 0) o ON true
  LEFT JOIN LATERAL (
       SELECT a.revision, a.still_asked FROM proposal_act a
        WHERE a.proposal = p.reference AND a.what = 'revised' AND a.effective_on <= $1 AND a.stated_at <= $2
          AND a.revision > p.revision
        ORDER BY a.revision DESC, a.still_asked DESC LIMIT 1) now ON true
 WHERE (coalesce(cardinality(now.still_asked), 0) = 0 OR c.body = ANY(now.still_asked))
   AND NOT EXISTS (SELECT FROM proposal_act a
                    WHERE a.proposal = p.reference AND a.effective_on <= $1 AND a.stated_at <= $2
                      AND (a.what IN ('withdrawn', 'void')
                           OR a.what = 'decided' AND a.body = c.body
                              AND a.revision IN (0, coalesce(now.revision, p.revision))
                              AND NOT EXISTS (SELECT FROM proposal_act r
                                               WHERE r.proposal = p.reference AND r.what = 'reversed'
                                                 AND r.reference = a.reference AND r.effective_on <= $1
                                                 AND r.stated_at <= $2)))
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class StandingBody:
    """A body that stands on a day, and the organisations that it decides for."""

    reference: str
    organisations: tuple[str, ...]


async def bodies_standing(
    db: Reads, references: Collection[str], organisations: Collection[str], *, as_at: date
) -> list[StandingBody]:
    """Return the bodies of these references, and those that lead these organisations, that stand on a day."""
    rows = await db.fetch(_BODIES, as_at, _NOW, sorted(references), sorted(organisations))
    whose = await organisations_of_each(db, [(row["reference"], as_at) for row in rows], as_known=None)
    return [StandingBody(row["reference"], whose[row["reference"], as_at]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRead:
    """A proposal with its consents, its acts as known, and where it stands on the day asked about."""

    reference: str
    organisation: str
    kind: str
    action: str
    subject: str
    value_pence: int
    annual_pence: int
    recurrent: bool
    series: str
    case_reference: str
    case_version: int
    digest: str
    due_on: date
    drafted_on: date
    stated_at: datetime
    revision: int
    """The plan's, when it was drafted; `standing.revision` is the one that is asked about now."""
    binding: Mapping[str, tuple[str, ...]]
    """The organisations that each body whose consent is needed decides for, by body."""
    acts: tuple[Done, ...]
    standing: Standing
    as_at: date

    @property
    def was_opened(self) -> bool:
        """Whether it was opened on any day."""
        return any(act.what == ActKind.OPENED for act in self.acts)

    @property
    def organisations(self) -> tuple[str, ...]:
        """The organisations that are asked."""
        return tuple(sorted({code for codes in self.binding.values() for code in codes}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFilter:
    """Filters of the list of proposals; None leaves a filter out. `organisation` proposes, or is asked."""

    organisation: str | None = None
    subject: str | None = None
    body: str | None = None
    kind: str | None = None


async def find_proposal(
    db: Reads, reference: str, *, as_at: date, as_known: datetime | None = None, codes: Sequence[str] | None = None
) -> ProposalRead | None:
    """Return a proposal as at a day; None where none was known then, or it concerns none of the reader's codes."""
    filters = ([reference], None, None, None, None, codes)
    rows = await db.fetch(_PROPOSALS, as_at, as_known or _NOW, *filters, None, 1)
    return (await _read(db, rows, as_at, as_known))[0] if rows else None


async def list_named(
    db: Reads, references: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> list[ProposalRead]:
    """Return the proposals of these references that were known then, ordered by reference, as at a day."""
    filters = (sorted(references), None, None, None, None, None, None, len(references))
    return await _read(db, await db.fetch(_PROPOSALS, as_at, as_known or _NOW, *filters), as_at, as_known)


async def get_proposal(
    db: Reads, reference: str, *, as_at: date, as_known: datetime | None = None, codes: Sequence[str] | None = None
) -> ProposalRead:
    """Return a proposal as at a day, as known at an instant. Raises ProposalNotFound."""
    found = await find_proposal(db, reference, as_at=as_at, as_known=as_known, codes=codes)
    if found is None:
        raise ProposalNotFound(f"no proposal {reference} is known on {as_at.isoformat()}")
    return found


async def find_last_decision(db: Reads, subject: str, action: str, body: str, *, on: date) -> Done | None:
    """Return how a body last decided on an action about a subject by a day, or one that covers it, if that stands."""
    rows = await db.fetch(_LAST, subject, body, on, action)
    return Done(**dict(rows[0])) if rows else None


async def list_proposals(
    db: Reads,
    wanted: ProposalFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None = None,
    limit: int,
    codes: Sequence[str] | None = None,
) -> list[ProposalRead]:
    """Return proposals drafted by a day, ordered by reference, each with where it stands on it."""
    cursor = str(after[0]) if after else None
    filters = (None, wanted.organisation, wanted.subject, wanted.body, wanted.kind, codes)
    rows = await db.fetch(_PROPOSALS, as_at, as_known or _NOW, *filters, cursor, limit)
    return await _read(db, rows, as_at, as_known)


async def _read(
    db: Reads, rows: Collection[Mapping[str, Any]], as_at: date, as_known: datetime | None
) -> list[ProposalRead]:
    references = [row["reference"] for row in rows]
    binding: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for row in await db.fetch(_CONSENTS, references):
        binding[row["proposal"]][row["body"]] = tuple(row["organisations"])
    acts: dict[str, list[Done]] = defaultdict(list)
    for row in await db.fetch(_ACTS, references, as_known or _NOW):
        given = dict(row) | {"conditions": tuple(row["conditions"]), "still_asked": tuple(row["still_asked"])}
        acts[given.pop("proposal")].append(Done(**given))
    return [
        ProposalRead(
            **dict(row),
            binding=binding[row["reference"]],
            acts=tuple(acts[row["reference"]]),
            standing=standing(binding[row["reference"]], acts[row["reference"]], revision=row["revision"], on=as_at),
            as_at=as_at,
        )
        for row in rows
    ]
