"""Reads the register of procurement decisions: who took part, who was excluded and why, and what each owner gains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.money import apportion
from libs.common.temporal.believed import about, holds
from libs.organisations.relations import WHOLLY
from services.governance.conflicts.errors import NotAnAward
from services.governance.conflicts.queries import conflicts_in, members_of
from services.governance.decisions.models import Outcome
from services.governance.decisions.queries import DecisionFilter, get_decision, list_decisions
from services.governance.interests.models import Hand
from services.governance.interests.rules import Conflict, strictest
from services.governance.meetings import queries as meetings
from services.governance.meetings.agenda import reads_private
from services.governance.people.accounts import person_of
from services.governance.proposals.queries import get_proposal
from services.governance.subjects.queries import find_subject

ACTION = "contract.award"

_OWNERS = f"""
SELECT r.other AS party, r.code AS owner, b.value AS share FROM known_relation r
  JOIN known_relation_belief b ON b.subject_id = r.id AND {about("b", 1)} AND {holds("b")}
 WHERE r.other = ANY($3::text[]) AND r.relation = 'owns'
 UNION
SELECT o.supplier, b.value, '{WHOLLY}' FROM known_ownership o
  JOIN known_ownership_belief b ON b.subject_id = o.id AND {about("b", Hand.OWNER)} AND {holds("b")}
 WHERE o.supplier = ANY($3::text[])
 ORDER BY 1, 2, 3
"""  # noqa: S608  (only names of ours are put in)
_URGENT = "SELECT acted_by FROM urgent_action WHERE decision = $1"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a party, which part of it, and that part of the contract's value; None where no share is stated."""

    party: str
    owner: str
    share: Fraction | None
    value_pence: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A decision to award, as its register has it. Conflicts are those that were known when it was recorded."""

    decision: Mapping[str, Any]
    item: str | None
    took_part: Sequence[str]
    conflicts: Mapping[str, Conflict]
    decided: Mapping[str, Mapping[str, Any]]
    excluded: frozenset[str]
    owners: Sequence[Owner]
    withheld: bool = False


async def list_awards(
    db: Reads,
    filters: DecisionFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the decisions to award contracts, ordered by id."""
    of_awards = replace(filters, action=ACTION)
    return await list_decisions(db, of_awards, as_at=as_at, as_known=as_known, after=after, limit=limit)


async def get_award(db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None) -> Award:
    """Return a decision to award with its conflicts. Raises DecisionNotFound, NotAnAward.

    Of an item in private, who does not read it sees the own conflict alone.
    """
    decision = await get_decision(db, reference, as_at=as_at, as_known=as_known)
    if decision["action"] != ACTION and not decision["action"].startswith(f"{ACTION}."):
        raise NotAnAward(f"{reference} is a decision on {decision['action']}")
    on, known = decision["taken_on"], decision["stated_at"]
    items = await meetings.list_items_of(db, decision["proposal"], as_known=as_known)
    item = next((one for one in items if one["decision"] == reference), None)
    took_part = await _took_part(db, reference, item)
    seated = (await members_of(db, [decision["body"]], on=on, as_known=known)).get(decision["body"], frozenset())
    persons = seated | set(took_part)
    decided: dict[str, Mapping[str, Any]] = {}
    if item is not None:
        conflicts = await meetings.conflicts_at(db, item, persons, known)
        decided = {one["person"]: one for one in await meetings.list_recusals(db, item["item"], as_known=known)}
        excluded = await meetings.excluded_from(db, item, persons | set(decided), as_known=known)
    else:
        proposal = await get_proposal(db, decision["proposal"], as_at=on, as_known=known)
        conflicts = strictest(await conflicts_in(db, proposal, decision["body"], persons, on=on, as_known=known))
        excluded = frozenset(person for person, one in conflicts.items() if one.action.excludes)
    subject = await find_subject(db, decision["subject"], as_at=as_at, as_known=as_known)
    parties = (subject.suppliers or subject.bidders) if subject is not None else ()
    awarded = decision["outcome"] != Outcome.REJECTED
    rows = await db.fetch(_OWNERS, on, known, sorted(parties)) if awarded else []
    award = Award(
        decision=decision,
        item=item["item"] if item else None,
        took_part=took_part,
        conflicts=conflicts,
        decided=decided,
        excluded=excluded,
        owners=owners_of(rows, decision["value_pence"]),
    )
    private = item is not None and item["private_reason"] and not await reads_private(db, item, by=by)
    return _only_of(award, await person_of(db, by)) if private else award


def _only_of(award: Award, person: str | None) -> Award:
    return replace(
        award,
        conflicts={one: conflict for one, conflict in award.conflicts.items() if one == person},
        decided={one: decided for one, decided in award.decided.items() if one == person},
        excluded=frozenset(one for one in award.excluded if one == person),
        withheld=True,
    )


async def _took_part(db: Reads, decision: str, item: Mapping[str, Any] | None) -> list[str]:
    if item is None:
        return sorted({person for row in await db.fetch(_URGENT, decision) for person in row["acted_by"]})
    votes = await meetings.list_votes(db, item["item"], as_known=None)
    return sorted({*item["counted"], *(vote["voter"] for vote in votes)})


def owners_of(rows: Sequence[Mapping[str, Any]], value_pence: int) -> list[Owner]:
    """Return what part of a contract's value falls to each owner of a party: contract value per owner, not profit.

    Parts are exact, and become pence by largest remainder, what no owner has beside them.
    """
    found: list[Owner] = []
    for party in sorted({row["party"] for row in rows}):
        stated = [(row["owner"], Fraction(row["share"])) for row in rows if _has_share(row, party)]
        parts = [share for _, share in stated]
        pence = apportion(value_pence, [*parts, 1 - sum(parts)]) if sum(parts) <= 1 else [None] * len(parts)
        found += [Owner(party, owner, share, part) for (owner, share), part in zip(stated, pence, strict=False)]
        unstated = {row["owner"] for row in rows if row["party"] == party} - {owner for owner, _ in stated}
        found += [Owner(party, owner, None, None) for owner in sorted(unstated)]
    return found


def _has_share(row: Mapping[str, Any], party: str) -> bool:
    return bool(row["party"] == party and row["share"] != WHOLLY)
