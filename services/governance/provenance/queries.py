"""Adds to a decision's provenance what no event says: the item with its vote, papers, minutes and rule packs."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from libs.common.database.connection import Database
from libs.common.events import Envelope
from libs.common.events.governance import DecisionTaken
from libs.common.identity import Caller
from libs.common.messaging.event_log import is_shown
from libs.common.messaging.provenance import Cause, DocumentDigest, Origin
from services.governance.conflicts.errors import PapersNotYours
from services.governance.conflicts.papers import papers_for
from services.governance.mergers.votes import find_votes_to_apply

# Of a decision, or of a proposal, the last first.
_TAKEN = """
SELECT l.name, l.body FROM decision d JOIN event_log l ON l.keys && ARRAY[d.id] AND l.name = 'DecisionTaken'
 WHERE d.id = $1 OR d.proposal = $1 ORDER BY l.position DESC LIMIT 100
"""
# $1 the decision: the item that it was taken at, and those at which an urgent action was reported.
_DECIDED = """
SELECT d.proposal, t.answer,
       ARRAY(SELECT i.reference FROM meeting_item i LEFT JOIN item_result r ON r.item_id = i.id
               LEFT JOIN urgent_action u ON u.id = i.urgent_action_id
              WHERE r.decision = d.id OR u.decision = d.id ORDER BY i.id) AS items
  FROM decision d JOIN permit t ON t.id = d.permit WHERE d.id = $1
"""
_PAPERS = "SELECT reference, sha256 FROM paper WHERE proposal = $1 ORDER BY added_on, reference"
_MINUTES = """
SELECT DISTINCT m.reference, n.version, n.sha256
  FROM meeting_item i JOIN meeting m ON m.id = i.meeting_id JOIN minutes n ON n.meeting_id = m.id
 WHERE i.reference = ANY($1) ORDER BY m.reference, n.version
"""
_NOTICES = """
SELECT DISTINCT s.pack FROM meeting_item i JOIN meeting_step s ON s.meeting_id = i.meeting_id
 WHERE i.reference = ANY($1) AND s.pack <> '' ORDER BY s.pack
"""
_ITEM = """
SELECT m.reference AS meeting, b.reference AS body, i.proposal, r.outcome, r.votes_for, r.against, r.abstained, r.of,
       coalesce(r.decision, '') AS decision
  FROM meeting_item i JOIN meeting m ON m.id = i.meeting_id JOIN body b ON b.id = m.body_id
  LEFT JOIN item_result r ON r.item_id = i.id
 WHERE i.reference = $1
"""


async def find_item_or_votes(db: Database, reference: str, by: Caller, today: date) -> Origin | None:  # noqa: ARG001  (as every service finds a fact)
    """Return an item of an agenda with its vote, or the votes that a merger follows from; None where neither is."""
    rows = await db.fetch(_ITEM, reference)
    if not rows:
        return await find_votes_to_apply(db, reference, by)
    [row] = rows
    about = [row["body"], row["meeting"], row["proposal"], row["decision"]]
    return Origin(
        kind="fact",
        source="governance",
        about=[one for one in about if one],
        text=_vote(row),
        because=[Cause("fact", "governance", row["proposal"])] if row["proposal"] else [],
    )


async def add_to_origin(db: Database, reference: str, origin: Origin, by: Caller, today: date) -> Origin:
    """Add the items, documents and rule packs of a decision to what the log says of it, or of its proposal.

    A paper is shown by its commitment. From whom it is withheld the answer is not complete.
    """
    taken = await _taken(db, reference, origin, by)
    rows = [] if taken is None else await db.fetch(_DECIDED, taken.fields["decision"])
    if not rows:
        return origin
    [row] = rows
    papers = await db.fetch(_PAPERS, row["proposal"])
    minutes = await db.fetch(_MINUTES, row["items"])
    notices = await db.fetch(_NOTICES, row["items"])
    documents = [
        *(DocumentDigest("paper", one["reference"], _commitment(one["reference"], one["sha256"])) for one in papers),
        *(DocumentDigest("minutes", f"{one['reference']}/{one['version']}", one["sha256"]) for one in minutes),
    ]
    votes = [Cause("fact", "governance", item) for item in row["items"]]
    packs = [*origin.packs, *_packs(json.loads(row["answer"]).values()), *(one["pack"] for one in notices)]
    return replace(
        origin,
        because=[*votes, *origin.because],
        documents=documents,
        packs=list(dict.fromkeys(packs)),
        is_whole=origin.is_whole and not await _are_withheld(db, row["proposal"], len(papers), by, today),
    )


async def _taken(db: Database, reference: str, origin: Origin, by: Caller) -> Envelope | None:
    """Return the decision that an origin is, or the last of a decision or proposal that the caller may see.

    It need not be the last event about it: a dossier was sealed since, a finding raised, the decision reversed.
    """
    name = DecisionTaken.event_name
    if origin.kind == "fact":
        rows = await db.fetch(_TAKEN, reference)
        return next((Envelope.decode(row["body"]) for row in rows if is_shown(row, frozenset({name}), by)), None)
    return origin.event if origin.event is not None and origin.event.name == name else None


async def _are_withheld(db: Database, proposal: str, papers: int, by: Caller, today: date) -> bool:
    if not papers:
        return False
    try:
        return (await papers_for(db, proposal, by=by, today=today)).withheld > 0
    except PapersNotYours:
        return True


def _packs(answers: Iterable[Any]) -> Iterable[str]:
    """Return the powers and packs by which it was answered that each organisation may decide so."""
    for one in answers:
        yield from [one["power"]] if one["power"] else []
        yield from one.get("packs", ())


def _commitment(paper: str, sha256: str) -> str:
    """Return what stands for a paper where its digest is not to be shown, as in a dossier."""
    return hashlib.sha256(f"{paper}{sha256}".encode()).hexdigest()


def _vote(row: Any) -> str:
    if row["outcome"] is None:
        return "no vote is recorded"
    counts = f"{row['votes_for']} for, {row['against']} against, {row['abstained']} abstained"
    return f"{row['outcome']}: {counts}, of {row['of']}"
