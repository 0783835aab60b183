"""Reads who stands in the way of what, since when, and what that costs."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.delays import count_months
from services.governance.core.catalogue import PACKS
from services.governance.core.models import Facet, body_time
from services.governance.core.sight import reads_through
from services.governance.obstructions.models import ObstructionKind
from services.governance.obstructions.rules import (
    ACCEPTED,
    DEFERRED,
    REJECTED,
    BodyPosition,
    Limits,
    PastMeeting,
    missed_days,
    stops_of,
)
from services.governance.obstructions.views import CostView, DeferralView, ObstructionView, RadarView
from services.governance.proposals.models import ActKind
from services.governance.proposals.queries import AWAITED, ProposalRead
from services.governance.proposals.rules import APPROVED, Done

_NOW: Final = datetime.max.replace(tzinfo=UTC)

ONE_OF: Final = "CASE WHEN cardinality({0}) = 1 THEN {0}[1] ELSE '' END AS organisation"
"""Names the organisation of a body, empty where there are several."""

_GONE = f"""
SELECT b.reference, max(upper(x.valid)) AS gone_on
  FROM body b JOIN {body_time.beliefs} x ON x.subject_id = b.id
 WHERE b.reference = ANY($1) AND {about("x", Facet.STANDS)} AND {as_known("x", NOW)}
 GROUP BY b.reference HAVING NOT bool_or(upper_inf(x.valid)) AND max(upper(x.valid)) <= $2
"""  # noqa: S608  (only names of ours are put in)

_SHOWN = f"""
SELECT o.id AS obstruction, o.about, o.body, o.organisations, {ONE_OF.format("o.organisations")},
       o.kind, o.since, o.share, o.due_on, o.pack, o.found_at,
       CASE WHEN o.ended_at <= $2 AND o.ended_on <= $1 THEN o.ended_on END AS ended_on,
       CASE WHEN o.ended_at <= $2 AND o.ended_on <= $1 THEN o.ended_by END AS ended_by
  FROM obstruction o
"""  # noqa: S608  (only what is ours is put in)
_ABOUT = f"{_SHOWN} WHERE o.found_at <= $2 AND o.since <= $1 AND o.about = ANY($3) ORDER BY o.id"
# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one).
_LIST = f"""
{_SHOWN} WHERE o.found_at <= $2 AND o.since <= $1 AND ($3::text[] IS NULL OR o.parties && $3)
   AND ($4::text IS NULL OR o.about = $4)
   AND ($5::text IS NULL OR o.body = $5)
   AND ($6::text IS NULL OR o.organisations @> ARRAY[$6])
   AND ($7::bool OR o.ended_at IS NULL OR o.ended_at > $2 OR o.ended_on > $1)
   AND ($8::bigint IS NULL OR o.id > $8)
 ORDER BY o.id LIMIT $9
"""
_RADAR = f"""
SELECT seen.*, {ONE_OF.format("organisations")} FROM (
    SELECT o.about, o.body, o.organisations, o.kind, o.since, o.share, o.due_on, o.pack
      FROM obstruction o
     WHERE o.found_at <= $2 AND o.since <= $1 AND ($3::text[] IS NULL OR o.parties && $3)
       AND (o.ended_at IS NULL OR o.ended_at > $2 OR o.ended_on > $1)
     UNION ALL
    SELECT w.reference, w.body, w.organisations, '{DEFERRED}', w.deferred_on, '', w.due_on, ''
      FROM ({AWAITED}) w JOIN proposal p ON p.reference = w.reference
     WHERE w.deferred_on IS NOT NULL
       AND ($3::text[] IS NULL OR p.organisation = ANY($3) OR EXISTS (
            SELECT FROM proposal_consent own WHERE own.proposal = p.reference AND own.organisations && $3))
       AND NOT EXISTS (SELECT FROM obstruction o
                        WHERE o.about = w.reference AND o.body = w.body AND o.found_at <= $2 AND o.since <= $1
                          AND (o.ended_at IS NULL OR o.ended_at > $2 OR o.ended_on > $1))) seen
 WHERE ($4::text IS NULL OR (about, body, kind) > ($4, $5, $6))
 ORDER BY about, body, kind LIMIT $7
"""  # noqa: S608  (only what is ours is put in)
_ACTS = """
SELECT proposal, id, what, effective_on, stated_at, body, code, reference, until_on, lawful, revision
  FROM proposal_act
 WHERE proposal = ANY($1) AND what IN ('deferred', 'decided', 'reversed', 'revised') AND stated_at <= $2
   AND effective_on <= $3
 ORDER BY id
"""
_PRICES = """
SELECT DISTINCT ON (proposal, body, horizon) *
  FROM known_price WHERE proposal = ANY($1) AND stated_at <= $2 AND effective_on <= $3
 ORDER BY proposal, body, horizon, stated_at DESC, effective_on DESC, months DESC
"""


# $1 the day before which a meeting was to be, $2 the instant, $3 bodies, $4 reasons of what never was a meeting.
_PAST = """
SELECT b.reference AS body, m.held_on, called.effective_on AS notice_on
  FROM body b
  JOIN meeting m ON m.body_id = b.id
  LEFT JOIN meeting_step called ON called.meeting_id = m.id AND called.step = 'called' AND called.stated_at <= $2
 WHERE b.reference = ANY($3::text[]) AND m.held_on < $1 AND m.stated_at <= $2
   AND NOT EXISTS (SELECT FROM meeting_step c
                    WHERE c.meeting_id = m.id AND c.step = 'cancelled' AND c.stated_at <= $2 AND c.reason = ANY($4))
 ORDER BY b.reference, m.held_on
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstructionFilter:
    """Filters of the list of obstructions; None leaves a filter out."""

    about: str | None = None
    body: str | None = None
    organisation: str | None = None
    with_ended: bool = False


def pack_on(day: date, *, subject: str = "obstruction") -> RulePack | None:
    """Return the rule pack in force on a day."""
    return next(iter(in_force(PACKS, day, subject=subject)), None)


def limits_on(day: date) -> Limits | None:
    """Return from when on a body stands in the way, by the pack of a day."""
    pack = pack_on(day)
    if pack is None:
        return None
    return Limits(Fraction(pack.values["veto_share"]), pack.values["missed_meetings"], pack.id)


async def bodies_gone(db: Reads, bodies: Collection[str], *, on: date) -> dict[str, date]:
    """Return the bodies that were abolished by a day, each with its first day without."""
    return {row["reference"]: row["gone_on"] for row in await db.fetch(_GONE, sorted(bodies), on)}


async def list_past(
    db: Reads, bodies: Collection[str], *, before: date, as_known: datetime | None = None
) -> dict[str, list[PastMeeting]]:
    """Return by body the meetings that were planned for a day before one, in order; none that was recorded in error."""
    found: dict[str, list[PastMeeting]] = defaultdict(list)
    mistaken = _mistaken_reasons(before)
    for row in await db.fetch(_PAST, before, as_known or _NOW, sorted(bodies), mistaken):
        found[row["body"]].append(PastMeeting(row["held_on"], row["notice_on"]))
    return found


def _mistaken_reasons(day: date) -> list[str]:
    """Return the codes of cancellations that say that there never was such a meeting, by the rule pack of a day."""
    packs = in_force(PACKS, day, subject="meeting-cancellations")
    return [one["code"] for pack in packs for one in pack.values["reasons"] if one.get("mistaken", False)]


def positions_of(
    proposal: ProposalRead, gone: Mapping[str, date], meetings: Mapping[str, Sequence[PastMeeting]]
) -> list[BodyPosition]:
    """Return where each body stands whose consent a proposal needs, with its lawful deferrals and meetings."""
    return [
        BodyPosition(
            body=one.body,
            organisations=proposal.binding[one.body],
            outcome=ACCEPTED if one.outcome in APPROVED else one.outcome and REJECTED,
            decided_on=one.decided_on,
            stops=tuple(stops_of(proposal.acts, one.body)),
            missed_on=missed_days(meetings.get(one.body, ()), asked_on(proposal, one.body)),
            gone_on=gone.get(one.body),
        )
        for one in proposal.standing.consents
    ]


def asked_on(proposal: ProposalRead, body: str) -> date:
    """Return the day on which a body was last asked: at the opening, a revision, or a reversal of its decision."""
    return max(
        (
            act.effective_on
            for act in proposal.acts
            if act.effective_on <= proposal.as_at
            and (
                act.what == ActKind.OPENED
                or (act.what == ActKind.REVISED and body in act.still_asked)
                or (act.what == ActKind.REVERSED and act.body == body)
            )
        ),
        default=proposal.drafted_on,
    )


async def list_obstructions(
    db: Reads,
    wanted: ObstructionFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: int | None,
    limit: int,
) -> list[ObstructionView]:
    """Return who stood in the way on the day, as known at the instant, of what concerns the caller."""
    codes = await reads_through(db, by)
    filters = (wanted.about, wanted.body, wanted.organisation, wanted.with_ended)
    rows = await db.fetch(_LIST, as_at, as_known or _NOW, codes, *filters, after, limit)
    return [ObstructionView.model_validate(dict(row)) for row in rows]


async def list_obstructions_about(
    db: Reads, named: Collection[str], *, as_at: date, as_known: datetime | None
) -> dict[str, list[ObstructionView]]:
    """Return who stood in the way of each of these on the day, or does no longer, as known at the instant."""
    found: dict[str, list[ObstructionView]] = defaultdict(list)
    for row in await db.fetch(_ABOUT, as_at, as_known or _NOW, list(named)):
        found[row["about"]].append(ObstructionView.model_validate(dict(row)))
    return found


async def read_radar(
    db: Reads,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str, str] | None,
    limit: int,
) -> list[RadarView]:
    """Return who blocks what on the day, at what cost, and what is lawfully deferred."""
    codes, instant = await reads_through(db, by), as_known or _NOW
    rows = await db.fetch(_RADAR, as_at, instant, codes, *(after or (None, None, None)), limit)
    named = sorted({row["about"] for row in rows})
    acts: dict[str, list[Done]] = defaultdict(list)
    for row in await db.fetch(_ACTS, named, instant, as_at):
        given = dict(row)
        acts[given.pop("proposal")].append(Done(**given))
    costs: dict[tuple[str, str], list[CostView]] = defaultdict(list)
    for row in await db.fetch(_PRICES, named, instant, as_at):
        costs[row["proposal"], row["body"]].append(CostView.model_validate(dict(row)))
    pack = pack_on(as_at)
    return [_seen(row, acts[row["about"]], costs, pack, as_at) for row in rows]


def _seen(
    row: Mapping[str, Any],
    acts: Sequence[Done],
    costs: Mapping[tuple[str, str], Sequence[CostView]],
    pack: RulePack | None,
    as_at: date,
) -> RadarView:
    key = row["about"], row["body"]
    stops = stops_of(acts, row["body"])
    grounds = {act.effective_on: act.code for act in acts if act.what == ActKind.DEFERRED and act.body == row["body"]}
    counted = count_months(row["since"] if row["kind"] == ObstructionKind.VETO else row["due_on"], stops, as_at=as_at)
    steps = pack.values["next_steps"] if pack else {}
    return RadarView(
        **{
            name: row[name]
            for name in ("about", "body", "organisation", "organisations", "kind", "since", "share", "due_on")
        },
        months=counted.months,
        running=counted.running,
        deferrals=[
            DeferralView(from_on=stop.start, until_on=stop.until, reason=grounds[stop.start])
            for stop in stops
            if stop.why == DEFERRED
        ],
        costs=sorted(costs.get(key, ()), key=lambda one: one.horizon),
        next_step=steps.get(row["kind"], ""),
        pack=row["pack"] or (pack.id if pack else ""),
    )
