"""Reads recommendations with where they stand."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.core.sight import reads_through
from services.governance.obstructions.queries import (
    ONE_OF,
    bodies_gone,
    limits_on,
    list_obstructions_about,
    list_past,
    pack_on,
)
from services.governance.obstructions.rules import ACCEPTED, BodyPosition, PastMeeting, missed_days
from services.governance.obstructions.views import ObstructionView
from services.governance.recommendations.errors import RecommendationNotFound
from services.governance.recommendations.models import RecommendationState
from services.governance.recommendations.rules import state_of
from services.governance.recommendations.views import EscalationView, GroundView, RecommendationView, ReplyView

_NOW: Final = datetime.max.replace(tzinfo=UTC)

_LIST = """
SELECT r.id AS recommendation, r.footprint, r.action, r.subject, r.made_on, r.reply_by, r.votes_for, r.votes_against,
       r.stated_at
  FROM recommendation r
 WHERE r.made_on <= $1 AND r.stated_at <= $2 AND ($3::text[] IS NULL OR r.parties && $3)
   AND ($4::text IS NULL OR r.id = $4)
   AND ($5::text IS NULL OR r.parties @> ARRAY[$5])
   AND ($6::text IS NULL OR r.id > $6)
 ORDER BY r.id LIMIT $7
"""
_BODIES = f"""
SELECT a.recommendation, a.body, a.organisations, {ONE_OF.format("a.organisations")}, a.consents,
       p.answer, p.replied_on, coalesce(p.reason, '') AS reason, coalesce(p.decision, '') AS decision
  FROM recommendation_addressee a
  LEFT JOIN recommendation_reply p
    ON p.recommendation = a.recommendation AND p.body = a.body AND p.stated_at <= $2 AND p.replied_on <= $3
 WHERE a.recommendation = ANY($1) ORDER BY a.recommendation, a.body
"""  # noqa: S608  (only what is ours is put in)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationFilter:
    """Filters of the list of recommendations; None leaves a filter out. `organisation` asks or is asked."""

    recommendation: str | None = None
    organisation: str | None = None


async def get_recommendation(
    db: Reads, recommendation: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> RecommendationView:
    """Return a recommendation as at a day, as known at an instant. Raises RecommendationNotFound."""
    wanted = RecommendationFilter(recommendation=recommendation)
    found = await list_recommendations(db, wanted, by=by, as_at=as_at, as_known=as_known, after=None, limit=1)
    if not found:
        raise RecommendationNotFound(f"no recommendation {recommendation} is known on {as_at.isoformat()}")
    return found[0]


async def list_recommendations(
    db: Reads,
    wanted: RecommendationFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: str | None,
    limit: int,
) -> list[RecommendationView]:
    """Return recommendations that concern the caller, by id, with where each stands on the day."""
    codes = await reads_through(db, by)
    filters = (wanted.recommendation, wanted.organisation)
    rows = await db.fetch(_LIST, as_at, as_known or _NOW, codes, *filters, after, limit)
    named = [row["recommendation"] for row in rows]
    bodies = await replies_of(db, named, as_at=as_at, as_known=as_known)
    asked = {one.body for own in bodies.values() for one in own}
    gone = await bodies_gone(db, asked, on=as_at)
    meetings = await list_past(db, asked, before=as_at, as_known=as_known)
    obstructions = await list_obstructions_about(db, named, as_at=as_at, as_known=as_known)
    return [
        _view(
            row,
            positions_of(bodies[row["recommendation"]], row["made_on"], gone, meetings),
            bodies[row["recommendation"]],
            obstructions.get(row["recommendation"], []),
            as_at,
        )
        for row in rows
    ]


async def replies_of(
    db: Reads, recommendations: Collection[str], *, as_at: date, as_known: datetime | None
) -> dict[str, list[ReplyView]]:
    """Return the bodies that each recommendation asks, with their answers by a day, as known at an instant."""
    found: dict[str, list[ReplyView]] = defaultdict(list)
    for row in await db.fetch(_BODIES, list(recommendations), as_known or _NOW, as_at):
        found[row["recommendation"]].append(ReplyView.model_validate(dict(row)))
    return found


def positions_of(
    bodies: Sequence[ReplyView],
    asked_on: date,
    gone: Mapping[str, date],
    meetings: Mapping[str, Sequence[PastMeeting]],
) -> list[BodyPosition]:
    """Return where the bodies stand whose consent is needed. An abolished one stands in no way.

    Its successor, which answers in its place, does.
    """
    return [
        BodyPosition(
            body=one.body,
            organisations=tuple(one.organisations),
            outcome=one.answer or "",
            decided_on=one.replied_on,
            missed_on=missed_days(meetings.get(one.body, ()), asked_on),
            gone_on=gone[one.body] if _was_gone(one, gone) else None,
        )
        for one in bodies
        if one.consents
    ]


def _was_gone(reply: ReplyView, gone: Mapping[str, date]) -> bool:
    """Return whether a body was abolished, and its successor did not answer for it since."""
    return reply.body in gone and (reply.replied_on is None or reply.replied_on < gone[reply.body])


def _view(
    row: Mapping[str, Any],
    consents: list[BodyPosition],
    bodies: list[ReplyView],
    obstructions: list[ObstructionView],
    as_at: date,
) -> RecommendationView:
    state = state_of(consents, row["reply_by"], on=as_at, limits=limits_on(as_at))
    return RecommendationView(
        **dict(row),
        state=state,
        share=str(Fraction(sum(one.outcome == ACCEPTED for one in consents), len(consents))),
        required=len(consents),
        bodies=bodies,
        obstructions=obstructions,
        escalation=_escalation(as_at) if state is RecommendationState.OBSTRUCTED else None,
    )


def _escalation(day: date) -> EscalationView | None:
    pack = pack_on(day, subject="escalation")
    if pack is None:
        return None
    grounds = [GroundView.model_validate(ground) for ground in pack.values["grounds"]]
    return EscalationView(to=pack.values["to"], grounds=grounds, pack=pack.id)
