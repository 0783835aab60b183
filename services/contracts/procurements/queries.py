"""Reads procurements as at a day and as known at an instant, for their buyers and who runs them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import ALL_DAYS, about, holds
from libs.common.temporal.history import FIRST_DAY, LAST_DAY
from libs.organisations.projection import KnownOrganisation
from services.contracts.core.models import known
from services.contracts.core.sight import reads_through
from services.contracts.core.views import PartyView
from services.contracts.procurements.errors import ProcurementNotFound
from services.contracts.procurements.models import Milestone
from services.contracts.procurements.rules import Bid, StatedPeriod, standing_on
from services.contracts.procurements.views import BidderView, ProcurementView, StageView

NOW: Final = datetime.max.replace(tzinfo=UTC)

# $1 the instant, $2 the codes that the caller reads through (null: all).
_READ = "p.stated_at <= $1::timestamptz AND ($2::text[] IS NULL OR p.buyers && $2 OR p.run_by = ANY($2))"

_ONE = f"SELECT p.* FROM procurement p WHERE {_READ} AND p.reference = $3"  # noqa: S608  (what is put in is ours)

_LIST = f"""
SELECT p.* FROM procurement p
 WHERE {_READ}
   AND ($3::text IS NULL OR $3 = ANY(p.buyers))
   AND ($4::text IS NULL OR EXISTS (
        SELECT FROM procurement_belief b
         WHERE b.subject_id = p.id AND {about("b", Milestone.STAGE)} AND b.value = $4 AND {holds("b", "$5", "$1")}))
   AND ($6::text IS NULL OR p.reference > $6)
 ORDER BY p.reference LIMIT $7
"""  # noqa: S608  (what is put in is ours)

_COURSE = f"""
SELECT b.subject_id, b.facet, b.value, lower(b.valid) AS start, upper(b.valid) AS stop, lower(b.known) AS known_from
  FROM procurement_belief b WHERE b.subject_id = ANY($1) AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY b.facet, b.valid
"""  # noqa: S608  (what is put in is ours)

_BIDS = f"""
SELECT o.procurement_id, o.bidder, lower(b.valid) AS start, upper(b.valid) AS stop, lower(b.known) AS known_from
  FROM procurement_bidder o JOIN procurement_bidder_belief b ON b.subject_id = o.id
 WHERE o.procurement_id = ANY($1) AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY o.bidder, b.valid
"""  # noqa: S608  (what is put in is ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcurementFilter:
    """Filters of the list of procurements; None leaves a filter out."""

    buyer: str | None = None
    stage: str | None = None


async def get_procurement(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> ProcurementView:
    """Return one procurement. Raises ProcurementNotFound where the caller neither buys in it nor runs it."""
    rows = await db.fetch(_ONE, as_known or NOW, await reads_through(db, by), reference)
    if not rows:
        raise ProcurementNotFound(f"no procurement {reference} is known")
    [view] = await _views(db, rows, as_at=as_at, as_known=as_known)
    return view


async def list_procurements(
    db: Reads,
    wanted: ProcurementFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[str] | None,
    limit: int | None,
) -> list[ProcurementView]:
    """Return the procurements in which the caller buys or that it runs, by reference, after the cursor."""
    rows = await db.fetch(
        _LIST,
        as_known or NOW,
        await reads_through(db, by),
        wanted.buyer,
        wanted.stage,
        as_at,
        after[0] if after else None,
        limit,
    )
    return await _views(db, rows, as_at=as_at, as_known=as_known)


async def believed_of(db: Reads, procurement: int) -> tuple[list[StatedPeriod], list[Bid]]:
    """Return what is believed now of a procurement and of its bidders."""
    periods = [
        StatedPeriod(Milestone(row["facet"]), row["value"], *_days(row))
        for row in await db.fetch(_COURSE, [procurement], NOW)
    ]
    return periods, [Bid(row["bidder"], *_days(row)) for row in await db.fetch(_BIDS, [procurement], NOW)]


async def _views(
    db: Reads, rows: Sequence[Mapping[str, Any]], *, as_at: date, as_known: datetime | None
) -> list[ProcurementView]:
    ids, instant = [row["id"] for row in rows], as_known or NOW
    course: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await db.fetch(_COURSE, ids, instant):
        course[row["subject_id"]].append(row)
    bids: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await db.fetch(_BIDS, ids, instant):
        bids[row["procurement_id"]].append(row)
    codes = {code for row in rows for code in (*row["buyers"], row["run_by"])}
    parties = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    return [_view(row, course[row["id"]], bids[row["id"]], parties, as_at=as_at, as_known=as_known) for row in rows]


def _view(
    row: Mapping[str, Any],
    course: Sequence[Mapping[str, Any]],
    bids: Sequence[Mapping[str, Any]],
    parties: Mapping[str, KnownOrganisation],
    *,
    as_at: date,
    as_known: datetime | None,
) -> ProcurementView:
    periods = [StatedPeriod(Milestone(one["facet"]), one["value"], *_days(one)) for one in course]
    standing = standing_on(periods, (), as_at)
    return ProcurementView(
        reference=row["reference"],
        buyers=[PartyView.model_validate(parties[code]) for code in row["buyers"]],
        run_by=PartyView.model_validate(parties[row["run_by"]]),
        functions=row["functions"],
        regime=row["regime"],
        rule_pack=row["rule_pack"],
        value_pence=row["value_pence"],
        begun_on=row["begun_on"],
        stage=standing.stage or None,
        winner=standing.winner or None,
        contract=standing.contract or None,
        bidders=[
            BidderView(bidder=one["bidder"], **_shown(one)) for one in bids if _days(one)[0] <= as_at < _days(one)[1]
        ],
        stages=[StageView(stage=one["value"], **_shown(one)) for one in course if one["facet"] == Milestone.STAGE],
        as_at=as_at,
        as_known=as_known,
    )


def _days(row: Mapping[str, Any]) -> tuple[date, date]:
    return row["start"] or FIRST_DAY, row["stop"] or LAST_DAY


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    start, end = _days(row)
    last_day = None if end == LAST_DAY else end - timedelta(days=1)
    return {"first_day": start, "last_day": last_day, "known_from": row["known_from"]}
