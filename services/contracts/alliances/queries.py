"""Reads the terms of alliances, votes and results: for the contract's parties, the members, and a national body."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.alliances.errors import AllianceNotFound
from services.contracts.alliances.rules import (
    Proposed,
    Vote,
    asked_for,
    in_force,
    is_member_of,
    reads_as_member,
    settle,
)
from services.contracts.alliances.views import AllianceResultView, AllianceTermsView, AllianceView, AllianceVoteView
from services.contracts.core.sight import ON_THE_DAY, PARTY, must_know, reads_through

NOW: Final = datetime.max.replace(tzinfo=UTC)

# A member need not be a party of the contract: it reads the alliance, and nothing of the contract by that.
_SIGHT = f"""
SELECT c.id, CASE WHEN {ON_THE_DAY} THEN sight.known ELSE $2::timestamptz END AS known, {ON_THE_DAY} AS is_party
  FROM contract c {PARTY}
 WHERE c.reference = $3 AND ({ON_THE_DAY} OR EXISTS (
       SELECT FROM alliance_terms t WHERE t.contract_id = c.id
          AND (t.weights ?| $4::text[] OR t.payer = ANY($4::text[])) AND t.stated_at <= $2::timestamptz))
"""  # noqa: S608  (what is put in is ours)

_TERMS = """
SELECT id, number, payer, target_pence, share, weights, effective_on, document, stated_at
  FROM alliance_terms WHERE contract_id = $1 AND stated_at <= $2 ORDER BY number
"""
_VOTES = """
SELECT v.terms_id, v.member, v.agrees, v.voted_on, v.authority, v.stated_at
  FROM alliance_vote v JOIN alliance_terms t ON t.id = v.terms_id
 WHERE t.contract_id = $1 AND v.stated_at <= $2 ORDER BY v.stated_at, v.id
"""
_RESULTS = """
SELECT DISTINCT ON (period_from, period_to) terms_id, period_from, period_to, actual_pence, document, stated_at
  FROM alliance_result WHERE contract_id = $1 AND stated_at <= $2
 ORDER BY period_from, period_to, stated_at DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class Alliance:
    """The terms of a contract's alliance with the votes on them, and the rows that they were read from."""

    terms: Sequence[Proposed]
    rows: Mapping[int, Mapping[str, Any]]
    votes: Mapping[int, Sequence[Mapping[str, Any]]]

    def numbered(self, number: int) -> Proposed | None:
        """Return the terms of this number."""
        return next((one for one in self.terms if one.number == number), None)


async def alliance_of(db: Reads, contract_id: int, *, known: datetime = NOW) -> Alliance:
    """Return the terms of a contract as known at an instant, in the order in which they were proposed."""
    votes: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await db.fetch(_VOTES, contract_id, known):
        votes[row["terms_id"]].append(row)
    rows, terms = {}, list[Proposed]()
    for row in await db.fetch(_TERMS, contract_id, known):
        weights = {code: Fraction(part) for code, part in _json(row["weights"]).items()}
        before = in_force(terms, row["effective_on"])
        rows[row["id"]] = row
        terms.append(
            Proposed(
                id=row["id"],
                number=row["number"],
                payer=row["payer"],
                target_pence=row["target_pence"],
                share=Fraction(row["share"]),
                weights=weights,
                effective_on=row["effective_on"],
                stated_at=row["stated_at"],
                asked=asked_for(weights, row["payer"], before),
                votes=tuple(
                    Vote(one["member"], one["agrees"], one["voted_on"], one["stated_at"]) for one in votes[row["id"]]
                ),
            )
        )
    return Alliance(terms, rows, votes)


async def get_alliance(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> AllianceView:
    """Return an alliance. Raises ContractNotFound to who may not know it, AllianceNotFound where it has no terms."""
    sight = await must_read_alliance(db, reference, by=by, as_at=as_at, as_known=as_known)
    return await alliance_seen(db, reference, sight, as_at=as_at, as_known=as_known)


async def alliance_seen(
    db: Reads, reference: str, sight: "AllianceSight", *, as_at: date, as_known: datetime | None = None
) -> AllianceView:
    """Return an alliance as far as this sight reads it: that of before a vote, which may have ended a membership."""
    alliance = await alliance_of(db, sight.contract_id, known=sight.known)
    if not alliance.terms:
        raise AllianceNotFound(f"no terms of an alliance of {reference} are known")
    by_id = {one.id: one for one in alliance.terms}
    current = in_force(alliance.terms, as_at)
    rows = await db.fetch(_RESULTS, sight.contract_id, sight.known)
    return AllianceView(
        contract=reference,
        in_force=current.number if current else None,
        terms=[_terms(one, alliance) for one in alliance.terms if sight.reads(one, asked=True)],
        results=[
            _result(row, by_id[row["terms_id"]])
            for row in rows
            if row["period_to"] <= as_at and sight.reads(by_id[row["terms_id"]], asked=False)
        ],
        as_at=as_at,
        as_known=as_known,
    )


@dataclass(frozen=True, slots=True)
class AllianceSight:
    """How far a caller reads an alliance: what was stated by `known`; `members` are its codes where it is no party.

    A member that is no party reads the terms that name it or asked for its consent, and the results by its terms.
    """

    contract_id: int
    known: datetime
    members: frozenset[str] | None

    def reads(self, terms: Proposed, *, asked: bool) -> bool:
        """Whether the caller reads these terms, with `asked` also those to which it had to consent."""
        if self.members is None or is_member_of(terms, self.members):
            return True
        return asked and not self.members.isdisjoint(terms.asked)


async def must_read_alliance(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None = None
) -> AllianceSight:
    """Return how far the caller reads an alliance as at a day. Raises ContractNotFound, AllianceNotFound."""
    codes = await reads_through(db, by)
    rows = await db.fetch(_SIGHT, as_at, as_known or NOW, reference, codes)
    if rows:
        [row] = rows
        sight = AllianceSight(row["id"], row["known"], None if row["is_party"] else frozenset(codes or ()))
        if sight.members is None:
            return sight
        alliance = await alliance_of(db, sight.contract_id, known=sight.known)
        if reads_as_member(alliance.terms, sight.members, as_at):
            return sight
    await must_know(db, [reference], by=by, today=as_at)
    raise AllianceNotFound(f"no terms of an alliance of {reference} are known")


async def periods_of(db: Reads, contract_id: int) -> list[tuple[date, date]]:
    """Return the periods that were settled."""
    return [(row["period_from"], row["period_to"]) for row in await db.fetch(_RESULTS, contract_id, NOW)]


def _terms(one: Proposed, alliance: Alliance) -> AllianceTermsView:
    return AllianceTermsView(
        number=one.number,
        payer=one.payer,
        target_pence=one.target_pence,
        share=str(one.share),
        weights={code: str(part) for code, part in sorted(one.weights.items())},
        effective_on=one.effective_on,
        document=alliance.rows[one.id]["document"],
        votes=[AllianceVoteView.model_validate(dict(vote)) for vote in alliance.votes.get(one.id, ())],
        is_agreed=one.agreed_at is not None,
        against=[] if one.agreed_at else one.against,
        silent=[] if one.agreed_at else one.silent,
        stated_at=one.stated_at,
    )


def _result(row: Mapping[str, Any], terms: Proposed) -> AllianceResultView:
    return AllianceResultView(
        period_from=row["period_from"],
        period_to=row["period_to"],
        terms=terms.number,
        target_pence=terms.target_pence,
        actual_pence=row["actual_pence"],
        amounts_pence=settle(terms, row["actual_pence"]),
        document=row["document"],
        stated_at=row["stated_at"],
    )


def _json(value: Any) -> dict[str, str]:
    return json.loads(value) if isinstance(value, str) else dict(value)
