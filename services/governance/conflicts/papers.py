"""Adds papers to proposals, gives them to those whom no conflict excludes, and recalls them from others."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, Literal, Self

import asyncpg
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Folded
from libs.common.database.connection import Reads, raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.process import context
from services.governance.conflicts.errors import PapersNotYours
from services.governance.conflicts.models import Paper, PaperRecall
from services.governance.conflicts.queries import conflicts_in, members_of
from services.governance.core.acts import must_decide_for
from services.governance.core.codes import Command, PrivateWords
from services.governance.core.models import known
from services.governance.interests.rules import Action, Conflict, strictest
from services.governance.meetings.queries import list_items_of, list_recusals
from services.governance.people.accounts import person_of
from services.governance.proposals.commands import lock_proposal
from services.governance.proposals.errors import ProposalNotOpen
from services.governance.proposals.queries import ProposalRead, get_proposal

Stage = Literal["design", "award", "monitoring"]
Digest = Annotated[
    str,
    Field(min_length=64, max_length=64, examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]),
    Folded("[0-9a-fA-F]{64}", "a SHA-256 has 64 hexadecimal digits", str.lower),
]


class AddPaper(Command):
    """A paper of a proposal: what it is called, its digest, and where it lies. `stage` says what it is about."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Evaluation of bids",
                    "stage": "award",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "document": "Governing body, 26 May 2016, paper 7",
                }
            ]
        }
    )

    title: PrivateWords
    stage: Stage = "award"
    sha256: Digest
    address: Annotated[
        str | None, Field(pattern=r"^https://[^\s]+$", max_length=500, examples=["https://papers.example/7.pdf"])
    ] = None
    document: PrivateWords | None = None

    @model_validator(mode="after")
    def _lies_somewhere(self) -> Self:
        if self.address is None and self.document is None:
            raise ValueError("address or document: say where the paper lies")
        return self


@dataclass(frozen=True, slots=True)
class GivenPapers:
    """The papers that a caller may read, and how many are withheld by which conflict; None: the chair decided."""

    papers: Sequence[Any]
    withheld: int
    because: Conflict | None


_PAPERS = """
SELECT p.reference AS paper, p.stage, p.title, p.sha256, p.address, p.document, p.added_on
  FROM paper p WHERE p.proposal = $1 ORDER BY p.added_on, p.reference
"""
_RECORD = """
INSERT INTO paper_read (paper, reader, person_id, request_id, read_on)
SELECT p, $2, $3, $4, $5 FROM unnest($1::text[]) AS given (p)
"""
_READERS = """
SELECT p.reference AS paper, r.person_id AS person, min(r.read_on) AS first_read_on, count(*) AS reads,
       c.recalled_on, coalesce(c.path, '{}') AS path
  FROM paper p
  JOIN paper_read r ON r.paper = p.reference
  LEFT JOIN paper_recall c ON c.paper = p.reference AND c.person_id = r.person_id
 WHERE p.proposal = $1
 GROUP BY p.reference, r.person_id, c.recalled_on, c.path
 ORDER BY p.reference, r.person_id
"""
_OUT = """
SELECT DISTINCT p.proposal, p.reference AS paper, p.stage, r.person_id AS person
  FROM paper_read r JOIN paper p ON p.reference = r.paper JOIN proposal o ON o.reference = p.proposal
 WHERE r.person_id IS NOT NULL AND ($1::text IS NULL OR o.subject = $1)
   AND NOT EXISTS (SELECT FROM paper_recall c WHERE c.paper = p.reference AND c.person_id = r.person_id)
 ORDER BY p.proposal, p.reference, r.person_id
"""
_HOLDING = """
SELECT DISTINCT o.subject
  FROM proposal o JOIN paper p ON p.proposal = o.reference JOIN paper_read r ON r.paper = p.reference
 WHERE o.subject = ANY($1::text[])
"""


async def add_paper(
    session: AsyncSession, reference: str, command: AddPaper, *, by: Caller, today: date, stated_at: datetime
) -> Paper:
    """Add a paper to a proposal that is not over. Raises ProposalNotFound, NotYoursToDecide, ProposalNotOpen."""
    by.must_have(Role.GOVERNANCE_LEAD)
    proposal = await lock_proposal(session, reference)
    connection = await raw(session)
    await must_decide_for(connection, proposal.organisation, by=by, today=today)
    state = (await get_proposal(connection, reference, as_at=today)).standing.state
    if state.is_over:
        message = f"{reference} is {state} on {today.isoformat()}"
        raise ProposalNotOpen(message, reasons=[Reason(message, "proposal")])
    paper = Paper(
        reference=f"PP-{uuid.uuid4()}",
        proposal=reference,
        stage=command.stage,
        title=command.title,
        sha256=command.sha256,
        address=command.address,
        document=command.document,
        added_on=today,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(paper)
    await session.flush()
    return paper


async def give_papers(session: AsyncSession, reference: str, *, by: Caller, today: date) -> GivenPapers:
    """Return the papers that the caller may read today, and record that they were given out.

    For members and deputies of the bodies that are asked, and governance leads of those who propose or are asked,
    without what a conflict withholds; of a draft, for its proposer's leads. Raises ProposalNotFound, PapersNotYours.
    """
    connection = await raw(session)
    given = await papers_for(connection, reference, by=by, today=today)
    names, person = [row["paper"] for row in given.papers], await person_of(connection, by)
    await connection.execute(_RECORD, names, by.subject, person, context.origin().causation, today)
    return given


async def papers_for(db: Reads, reference: str, *, by: Caller, today: date) -> GivenPapers:
    """Return the papers that the caller may read today, without giving them out.

    Raises ProposalNotFound, PapersNotYours.
    """
    proposal = await get_proposal(db, reference, as_at=today)
    person = await person_of(db, by)
    members = await _members(db, proposal, on=today)
    sits = proposal.was_opened and any(person in persons for persons in members.values())
    if not sits and not await _keeps(db, proposal, by):
        raise PapersNotYours(f"the papers of {reference} are for the members of the bodies that are asked")
    rows = await db.fetch(_PAPERS, reference)
    withheld: dict[str, Conflict] = {}
    decided = person is not None and person in await _denied_by_chair(db, reference)
    if person is not None:
        for stage in sorted({row["stage"] for row in rows}):
            counts = await _withholding(db, proposal, [person], members, stage=stage, on=today)
            withheld |= {stage: counts[person]} if person in counts else {}
    given = [dict(row) for row in rows if not decided and row["stage"] not in withheld]
    return GivenPapers(given, len(rows) - len(given), next(iter(withheld.values()), None))


async def list_readers(db: Reads, reference: str, *, by: Caller, today: date) -> list[dict[str, Any]]:
    """Return who had which paper, and from whom it was recalled. Raises ProposalNotFound, PapersNotYours."""
    proposal = await get_proposal(db, reference, as_at=today)
    if not await _keeps(db, proposal, by):
        raise PapersNotYours(
            f"who had the papers of {reference} is for governance leads of those who propose or are asked"
        )
    person = await person_of(db, by)
    if person is not None:
        members = await _members(db, proposal, on=today)
        counts = await _withholding(db, proposal, [person], members, stage="award", on=today)
        if person in counts or person in await _denied_by_chair(db, reference):
            raise PapersNotYours(f"a conflict withholds papers of {reference} from you")
    return [dict(row) for row in await db.fetch(_READERS, reference)]


async def recall_papers(
    session: AsyncSession, *, subject: str | None, on: date, stated_at: datetime, by: Caller
) -> int:
    """Recall papers from persons who had them and are conflicted now; of every proposal, or of those on a subject."""
    connection = await raw(session)
    recalls: list[PaperRecall] = []
    for reference, rows in groupby(await connection.fetch(_OUT, subject), itemgetter("proposal")):
        recalls += [
            PaperRecall(
                paper=paper,
                person_id=person,
                path=[] if counts is None else [edge.id for edge in counts.path.edges],
                recalled_on=on,
                stated_at=stated_at,
                recorded_by=by.subject,
            )
            for (paper, person), counts in (await _to_recall(connection, reference, list(rows), on=on)).items()
        ]
    session.add_all(recalls)
    await session.flush()
    return len(recalls)


async def _to_recall(
    db: Reads, reference: str, out: Sequence[Mapping[str, Any]], *, on: date
) -> dict[tuple[str, str], Conflict | None]:
    """Return which papers of a proposal are withheld from whom of those who had them; None: the chair decided it."""
    proposal = await get_proposal(db, reference, as_at=on)
    members = await _members(db, proposal, on=on)
    denied = await _denied_by_chair(db, reference)
    found: dict[tuple[str, str], Conflict | None] = {}
    for stage in sorted({row["stage"] for row in out}):
        had = [row for row in out if row["stage"] == stage]
        counts = await _withholding(db, proposal, {row["person"] for row in had}, members, stage=stage, on=on)
        found |= {
            (row["paper"], row["person"]): counts.get(row["person"])
            for row in had
            if row["person"] in counts or row["person"] in denied
        }
    return found


async def subjects_with_papers(connection: asyncpg.Connection, keys: Collection[str]) -> set[str]:
    """Return those of some keys that are subjects of proposals whose papers someone had."""
    return {row["subject"] for row in await connection.fetch(_HOLDING, sorted(keys))}


async def recall_due(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Recall papers from those who came to be conflicted by a declaration, a tie or an appointment."""
    return await recall_papers(session, subject=None, on=up_to, stated_at=stated_at, by=by)


async def _withholding(
    db: Reads,
    proposal: ProposalRead,
    persons: Collection[str],
    members: Mapping[str, frozenset[str]],
    *,
    stage: str,
    on: date,
) -> dict[str, Conflict]:
    """Return the conflicts that withhold papers of a stage from persons, in any of the bodies that each sits in.

    Who sits in none of them is looked at in all of them.
    """
    seated = {person for those in members.values() for person in those}
    withheld: dict[str, Conflict] = {}
    for body in sorted(proposal.binding):
        asked = {one for one in persons if one in members.get(body, ()) or one not in seated} - withheld.keys()
        found = await conflicts_in(db, proposal, body, asked, on=on, as_known=None, stages=(stage,)) if asked else []
        withheld |= {person: one for person, one in strictest(found).items() if one.action.withholds_papers}
    return withheld


async def _denied_by_chair(db: Reads, proposal: str) -> set[str]:
    """Return to whom whoever presides gave no papers, at an item on the proposal."""
    return {
        row["person"]
        for item in await list_items_of(db, proposal)
        for row in await list_recusals(db, item["item"], as_known=None)
        if row["action"] == Action.NO_PAPERS
    }


async def _members(db: Reads, proposal: ProposalRead, *, on: date) -> Mapping[str, frozenset[str]]:
    return await members_of(db, proposal.binding, on=on, as_known=None)


async def _keeps(db: Reads, proposal: ProposalRead, by: Caller) -> bool:
    codes = {proposal.organisation, *(proposal.organisations if proposal.was_opened else ())}
    if not by.has(Role.GOVERNANCE_LEAD):
        return False
    return by.acts_for_one_of(codes, predecessors=await known.predecessors(db, by.organisations))
