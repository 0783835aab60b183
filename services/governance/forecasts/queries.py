"""Forecasts before a meeting whether its items will have a quorum, and what would make one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.core.quorum import BodySeat, Counted, Forecast, forecast, who_counts
from services.governance.decision_rights.queries import list_deciders
from services.governance.forecasts.views import AdditionView, ForecastView, ItemForecast, ShortfallView
from services.governance.meetings import queries
from services.governance.meetings.agenda import reads_private
from services.governance.meetings.rules import Attended, Room
from services.governance.people.accounts import person_of
from services.governance.proposals.queries import get_proposal


async def forecast_meeting(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> ForecastView:
    """Return for each item whether those who come make a quorum. Raises MeetingNotFound, TermsNotFound.

    Items from which the same persons are excluded have one forecast. Who is excluded from an item in private, and who
    would have to come, is shown to those who read the item.
    """
    meeting = await queries.get_meeting(db, reference, as_at=as_at, as_known=as_known)
    there = await queries.list_attendance(db, reference, as_known=as_known)
    starts_at = meeting["starts_at"]
    coming = [Attended(row["person"], ((starts_at, None),), row["seat"]) for row in there if row["coming"]]
    apologies = {row["person"] for row in there if not row["coming"]}
    by_excluded: dict[frozenset[str], Forecast] = {}
    items = []
    agenda = await queries.list_items(db, reference, as_known=as_known)
    rooms = await queries.rooms_at(db, agenda, as_known=as_known)
    for item in agenda:
        room = replace(rooms[item["item"]], attended=coming)
        found = by_excluded.get(room.excluded)
        if found is None:
            found = by_excluded[room.excluded] = forecast_of(room, starts_at, apologies)
        elsewhere = [] if found.additions is not None else sorted(await list_elsewhere(db, item, as_known=as_known))
        view = _view(item, room, found, elsewhere)
        private = bool(item["private_reason"]) and not await reads_private(db, item, by=by)
        items.append(_only_of(view, await person_of(db, by)) if private else view)
    return ForecastView(meeting=reference, body=meeting["body"], as_known=as_known, items=items)


def forecast_of(room: Room, starts_at: datetime, apologies: set[str]) -> Forecast:
    """Return whether those who come make a quorum, and else who would have to come too but those who send apologies."""
    sitting = room.sitting(starts_at)
    expected = who_counts(room.places, sitting, recused=room.excluded)
    out = apologies | room.excluded | sitting.present
    return forecast(room.terms.clauses, expected, _candidates(room.places, out, sitting.present - room.excluded))


def _candidates(places: Sequence[BodySeat], out: set[str], there: frozenset[str]) -> list[Counted]:
    """Return the members who could still come, then the deputies of those who are not there, once a principal.

    `there` are those who count for the item. A member who comes is there as a member, and deputises for no one. Of a
    vacant seat the seat itself stands for the principal.
    """
    roles: dict[str, set[str]] = {}
    voting: set[str] = set()
    for place in places:
        if place.holder is not None:
            roles.setdefault(place.holder, set()).update(place.roles)
            if place.votes:
                voting.add(place.holder)
    members = [
        Counted(person, frozenset(of), person in voting, person) for person, of in roles.items() if person not in out
    ]
    deputies = [
        Counted(deputy, place.roles, place.votes, place.holder or place.seat)
        for place in places
        if place.holder not in there
        for deputy in place.deputies
        if deputy not in out and deputy not in roles
    ]
    return [*members, *deputies]


def with_everyone(room: Room, instant: datetime) -> Forecast:
    """Return whether an item could have a quorum if every member came, and deputies for those who are excluded."""
    everyone = {place.holder for place in room.places if place.holder is not None} - room.excluded
    return forecast_of(
        replace(room, attended=[Attended(one, ((instant, None),)) for one in sorted(everyone)]), instant, set()
    )


async def list_elsewhere(
    db: Reads, item: Mapping[str, Any], *, as_known: datetime | None
) -> dict[str, Mapping[str, Any]]:
    """Return who else may decide on an item's proposal, by `can`, for an organisation that it binds: post or body."""
    if not item["proposal"]:
        return {}
    proposal = await get_proposal(db, item["proposal"], as_at=item["held_on"], as_known=as_known)
    found: dict[str, Mapping[str, Any]] = {}
    for organisation in proposal.binding.get(item["body"], ()):
        deciders = await list_deciders(
            db,
            proposal.action,
            organisation=organisation,
            value_pence=proposal.value_pence,
            recurrent=proposal.recurrent,
            as_at=item["held_on"],
            as_known=as_known,
        )
        found |= {one["post"] or one["body"]: one for one in deciders["deciders"] if one["may_decide"]}
    return {holder: one for holder, one in found.items() if holder != item["body"]}


def _view(item: Mapping[str, Any], room: Room, found: Forecast, elsewhere: list[str]) -> ItemForecast:
    return ItemForecast(
        item=item["item"],
        number=item["number"],
        quorate=bool(found.quorum),
        excluded=sorted(room.excluded),
        shortfalls=[
            ShortfallView(
                contested=[sorted(seat.roles) for seat in short.contested],
                rivals=list(short.rivals),
                unmet=[sorted(roles) for roles in short.unmet],
                missing=short.missing,
            )
            for short in found.quorum.shortfalls
        ],
        additions=None
        if found.additions is None
        else [
            AdditionView(
                person=one.person,
                roles=sorted(one.roles),
                deputises_for=None if one.principal == one.person else one.principal,
            )
            for one in found.additions
        ],
        complete=found.complete,
        elsewhere=elsewhere,
        withheld=False,
    )


def _only_of(view: ItemForecast, person: str | None) -> ItemForecast:
    own = [one for one in view.excluded if one == person]
    nothing: dict[str, Any] = {"shortfalls": [], "additions": None, "elsewhere": []}
    return view.model_copy(update=nothing | {"excluded": own, "withheld": True})
