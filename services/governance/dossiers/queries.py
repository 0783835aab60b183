"""Reads dossiers: whose they are, their parts and entries, and which steps they lack."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.core.models import known
from services.governance.dossiers.errors import DossierNotFound
from services.governance.dossiers.steps import Expected, MissingStep, Recorded, expected_on, missing
from services.governance.dossiers.views import DossierView, EntryView, MissingStepView, PartView

PAGE = 200
NO_PACK = MissingStep("pack", "A rule pack of the day says what the dossier needs")

_DECIDED = """
SELECT d.id, p.kind, d.outcome, d.taken_on, d.organisation, d.binds, d.proposal, d.subject,
       p.case_reference AS case_
  FROM decision d JOIN proposal p ON p.reference = d.proposal
"""
_WITHOUT = f"""{_DECIDED}
 WHERE d.proposal = ANY($1) AND NOT EXISTS (SELECT FROM dossier o WHERE o.decision = d.id) ORDER BY d.id
"""
_ONE = f"{_DECIDED} WHERE d.id = $1"
_BEGUN = "SELECT 1 FROM dossier WHERE decision = $1 AND part = 1"
_RECORDED = "SELECT kind, line FROM dossier_entry WHERE decision = $1 ORDER BY number"
_PARTS = """
SELECT part, opened_on, entries, encode(previous, 'hex') AS previous, encode(head, 'hex') AS head, sealed_at
  FROM dossier WHERE decision = $1 ORDER BY part
"""
_ENTRIES = """
SELECT number, kind, line, encode(chain, 'hex') AS hash
  FROM dossier_entry WHERE decision = $1 AND number > $2 ORDER BY number LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, as far as its dossier asks of it."""

    decision: str
    kind: str
    outcome: str
    decided_on: date
    organisation: str
    binds: tuple[str, ...]
    proposal: str
    subject: str
    case: str

    @property
    def expected(self) -> Expected | None:
        """What its dossier needs, by the rule pack of its day."""
        return expected_on(self.decided_on, self.kind, self.outcome)

    @property
    def parties(self) -> list[str]:
        """The organisations whose decision it is, and whom it binds."""
        return sorted({self.organisation, *self.binds} - {""})


def _decided(row: asyncpg.Record) -> Decided:
    return Decided(
        row["id"],
        row["kind"],
        row["outcome"],
        row["taken_on"],
        row["organisation"],
        tuple(row["binds"]),
        row["proposal"],
        row["subject"],
        row["case_"],
    )


async def list_without_dossier(connection: asyncpg.Connection, proposals: Collection[str]) -> list[Decided]:
    """Return decisions on these proposals whose dossier is not begun."""
    return [_decided(row) for row in await connection.fetch(_WITHOUT, sorted(proposals))]


async def find_decided(db: Reads, decision: str) -> Decided | None:
    """Return a decision by its id, None where there is none."""
    rows = await db.fetch(_ONE, decision)
    return _decided(rows[0]) if rows else None


async def get_own(db: Reads, decision: str, *, by: Caller) -> Decided:
    """Return a decision whose dossier is begun, for who acts for one of its parties or for a successor of one.

    Raises DossierNotFound, NotYoursToDecide.
    """
    decided = await find_decided(db, decision)
    if decided is None:
        raise DossierNotFound(f"there is no decision {decision}")
    predecessors = await known.predecessors(db, by.organisations)
    by.must_act_for_one_of(decided.parties, because="each party keeps the record", predecessors=predecessors)
    if not await db.fetch(_BEGUN, decision):
        raise DossierNotFound(f"the dossier of {decision} is not begun yet")
    return decided


async def missing_steps(db: Reads, decided: Decided) -> list[MissingStep]:
    """Return the steps that a decision's dossier still lacks."""
    expected = decided.expected
    if expected is None:
        return [NO_PACK]
    rows = await db.fetch(_RECORDED, decided.decision)
    return missing(expected, [Recorded(row["kind"], json.loads(row["line"])["fields"]) for row in rows])


async def read_dossier(db: Reads, decided: Decided) -> DossierView:
    """Return the state of a dossier that is begun."""
    parts = [PartView.model_validate(dict(row)) for row in await db.fetch(_PARTS, decided.decision)]
    expected = decided.expected
    lacking = await missing_steps(db, decided)
    return DossierView(
        decision=decided.decision,
        proposal=decided.proposal,
        state="open" if parts[0].head is None else "sealed",
        pack=expected.pack if expected else None,
        missing=[MissingStepView(step=one.step, title=one.title, about=one.about) for one in lacking],
        entries=parts[-1].entries,
        parts=parts,
    )


async def list_entries(db: Reads, decision: str, *, after: int, limit: int) -> list[EntryView]:
    """Return entries after a number, in order."""
    rows = await db.fetch(_ENTRIES, decision, after, limit)
    return [_entry(row) for row in rows]


def _entry(row: asyncpg.Record) -> EntryView:
    shown: dict[str, Any] = json.loads(row["line"])
    return EntryView.model_validate({**shown, "hash": row["hash"], "line": row["line"]})


async def all_lines(db: Reads, decision: str) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """Yield pages of an entire chain: `line` and `hash` of each entry."""
    after = 0
    while rows := await db.fetch(_ENTRIES, decision, after, PAGE):
        yield rows
        after = rows[-1]["number"]
