"""Who votes in a joint body, with which weight, and how much of it the host of its instrument has.

Which parties have no vote, and below which part of the votes a host stays, is in the rule packs of instruments.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from libs.common.database.connection import Reads
from libs.common.errors import Conflict, Reason
from libs.common.temporal.believed import about, holds
from services.governance.core.believed import believed
from services.governance.core.catalogue import PACKS
from services.governance.core.chains import covers
from services.governance.core.errors import HostDominates
from services.governance.core.members import lives_on
from services.governance.core.models import Facet, post_time
from services.governance.core.seats import seat_of

_NOW = datetime.max.replace(tzinfo=UTC)
_VOTES = f"""
SELECT b.reference AS body, coalesce(nullif(p.member, ''), b.organisation) AS organisation, p.slug, seat.value AS seat
  FROM body b JOIN post p ON p.body_id = b.id
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id")}
  LEFT JOIN {believed(post_time, "seat", Facet.SEAT, "p.id")}
 WHERE b.reference = ANY($3)
 ORDER BY p.reference
"""  # noqa: S608  (only names of ours are put in)
_INSTRUMENTS = f"""
SELECT i.host, i.pack, i.functions
  FROM instrument i
  JOIN instrument_time_belief s ON s.subject_id = i.id AND {about("s", Facet.STANDS)} AND {holds("s")}
 WHERE i.body = $3
 ORDER BY i.reference
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of one organisation in a body: their weight."""

    organisation: str
    weight: int


def share_of(host: str, votes: Iterable[Votes]) -> Fraction:
    """Return which part of all votes, by weight, is the host's; 0 where no one votes."""
    counted = list(votes)
    total = sum(one.weight for one in counted)
    own = sum(one.weight for one in counted if one.organisation == host)
    return Fraction(own, total) if total else Fraction(0)


def percent(share: Fraction) -> str:
    """Write a share as a percentage with at most one decimal: `60 %`, `66.7 %`."""
    tenths = (share * 1000 * 2 + 1) // 2
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"


def dominance(pack: str, host: str, votes: Iterable[Votes], field: str) -> list[Conflict]:
    """Return the refusal of votes of which the host would have too much by a rule pack, if it has a cap."""
    below = cap(pack)
    share = share_of(host, votes)
    if not host or below is None or share < below:
        return []
    message = f"{host} would have {percent(share)} of the votes, and stays below {percent(below)} by {pack}"
    return [HostDominates(message, reasons=[Reason(message, field)])]


def cap(pack: str) -> Fraction | None:
    """Return the part of the votes below which a host stays by a rule pack; None where there is no cap."""
    values = _values(pack)
    return Fraction(values["host_below"]) if "host_below" in values else None


def may_vote(pack: str, kind: str, functions: Collection[str]) -> bool:
    """Whether an organisation of a kind has a vote by a rule pack of instruments, in one for these functions."""
    for silent in _values(pack).get("non_voting", ()):
        prefixes = silent["functions"]
        concerned = not prefixes or any(covers(prefix, one) for prefix in prefixes for one in functions)
        if kind in silent["kinds"] and concerned:
            return False
    return True


def _values(pack: str) -> Mapping[str, Any]:
    return next(one for one in PACKS if one.id == pack).values


async def votes_in(
    db: Reads, bodies: Sequence[str], *, on: date, as_known: datetime | None = None
) -> dict[str, list[Votes]]:
    """Return the votes in each of these bodies on a day, each the organisation's that its member lives on in."""
    rows = await db.fetch(_VOTES, on, as_known or _NOW, list(bodies)) if bodies else []
    there = await lives_on(db, {row["organisation"] for row in rows}, on=on, as_known=as_known)
    found: dict[str, list[Votes]] = {body: [] for body in bodies}
    for row in rows:
        seat = seat_of(row["slug"], row["seat"])
        if seat.votes:
            found[row["body"]].append(Votes(there[row["organisation"]], seat.weight))
    return found


async def further_seat(db: Reads, body: str, seat: Votes, kind: str, *, on: date) -> tuple[bool, list[Conflict]]:
    """Return whether a further seat in a joint body would have a vote, and the refusals where a host would dominate.

    A party without a vote, such as a regulator, has none in any seat; `kind` is the party's.
    """
    rows = await db.fetch(_INSTRUMENTS, on, _NOW, body)
    if not all(may_vote(row["pack"], kind, row["functions"]) for row in rows):
        return False, []
    there = await lives_on(db, {seat.organisation, *(row["host"] for row in rows)} - {""}, on=on)
    votes = [*(await votes_in(db, [body], on=on))[body], Votes(there[seat.organisation], seat.weight)]
    refusals: list[Conflict] = []
    for row in rows:
        host = there.get(row["host"], "")
        if host == there[seat.organisation]:
            refusals += dominance(row["pack"], host, votes, "organisation")
    return True, refusals
