"""Reads whose body a body is: its own organisation's, or that of several members, which join and leave it.

A member that another organisation has taken over whole is a member no longer: the one that lives on is, from that day.
"""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

from libs.common.database.connection import Reads
from libs.organisations.mergers import mergers_from
from services.governance.core.believed import believed
from services.governance.core.errors import BodyNotFound
from services.governance.core.models import Facet, body_time, known

JOINTLY = "joint"
JOINT_WITH_NHS_ENGLAND = "joint-nhs-england"
BY_A_LEAD = "lead"
"""What an action begins with that another organisation exercises, as lead commissioner."""
NHS_ENGLAND = frozenset({"nhs_england", "nhs_england_region", "local_office"})
"""NHS England, and what it is divided into."""
_NOW = datetime.max.replace(tzinfo=UTC)
_BODY = f"""
SELECT b.organisation, m.value AS members
  FROM body b LEFT JOIN {believed(body_time, "m", Facet.MEMBERS, "b.id")} WHERE b.reference = $3
"""  # noqa: S608  (only names of ours are put in)


_BODIES = f"""
SELECT b.reference, asked.day, b.organisation, m.value AS members
  FROM unnest($1::text[], $2::date[]) AS asked (reference, day) JOIN body b ON b.reference = asked.reference
  LEFT JOIN {believed(body_time, "m", Facet.MEMBERS, "b.id", day="asked.day", known="$3")}
"""  # noqa: S608  (only names of ours are put in)


def members_text(organisations: Iterable[str]) -> str:
    """Return the value of `Facet.MEMBERS`: one text for the same organisations."""
    return json.dumps(sorted(set(organisations)))


def members_in(stated: str | None) -> list[str]:
    """Return the organisations that are members, sorted; none where nothing is stated of the day."""
    return list(json.loads(stated)) if stated else []


async def organisations_of(db: Reads, body: str, *, on: date, as_known: datetime | None) -> tuple[str, ...]:
    """Return the organisations whose body it is on a day, sorted; several of a joint body. Raises BodyNotFound."""
    rows = await db.fetch(_BODY, on, as_known or _NOW, body)
    if not rows:
        raise BodyNotFound(f"no body {body} is known")
    row = rows[0]
    if row["organisation"]:
        return (row["organisation"],)
    return await living(db, members_in(row["members"]), on=on, as_known=as_known)


async def organisations_of_each(
    db: Reads, bodies: Collection[tuple[str, date]], *, as_known: datetime | None
) -> dict[tuple[str, date], tuple[str, ...]]:
    """Return for each body and day what `organisations_of` returns; bodies that are not known are left out."""
    asked = sorted(set(bodies))
    rows = await db.fetch(_BODIES, [body for body, _ in asked], [day for _, day in asked], as_known or _NOW)
    members = {
        (row["reference"], row["day"]): [row["organisation"]] if row["organisation"] else members_in(row["members"])
        for row in rows
    }
    joint = {(row["reference"], row["day"]) for row in rows if not row["organisation"]}
    there = await _live_on(db, {(code, one[1]) for one in joint for code in members[one]}, as_known=as_known)
    return {
        one: tuple(sorted({there[code, one[1]] for code in codes})) if one in joint else tuple(codes)
        for one, codes in members.items()
    }


async def joint_prefix(db: Reads, body: str, *, on: date, as_known: datetime | None) -> str:
    """Return what a power has to cover for the members of a joint body to exercise an action together.

    NHS England and a commissioner need another one than commissioners among themselves, and a body of one organisation
    another one to exercise an action for others.
    """
    rows = await db.fetch(_BODY, on, as_known or _NOW, body)
    if rows and rows[0]["organisation"]:
        return BY_A_LEAD
    members = await organisations_of(db, body, on=on, as_known=as_known)
    kinds = {one.kind for one in (await known.statuses(db, members, as_at=on, as_known=as_known)).values()}
    return JOINT_WITH_NHS_ENGLAND if kinds & NHS_ENGLAND else JOINTLY


async def living(
    db: Reads, organisations: Collection[str], *, on: date, as_known: datetime | None = None
) -> tuple[str, ...]:
    """Return these organisations, sorted, each taken over whole by a day replaced by the one that it lives on in."""
    return tuple(sorted(set((await lives_on(db, organisations, on=on, as_known=as_known)).values())))


async def lives_on(
    db: Reads, organisations: Collection[str], *, on: date, as_known: datetime | None = None
) -> dict[str, str]:
    """Return for each organisation the one that it lives on in by a day: itself, unless it was taken over whole."""
    there = await _live_on(db, {(code, on) for code in organisations}, as_known=as_known)
    return {code: now for (code, _), now in there.items()}


async def _live_on(
    db: Reads, asked: Collection[tuple[str, date]], *, as_known: datetime | None
) -> dict[tuple[str, date], str]:
    """Return the organisation in which each lives on by a day; as many queries as there are successions in a row."""
    there, seen = {one: one[0] for one in asked}, set[str]()
    while open_ := set(there.values()) - seen:
        seen |= open_
        for merger in await mergers_from(db, known.successions, open_, as_known=as_known or _NOW):
            gone = set(merger.predecessors) - {merger.successor}
            there = {
                one: merger.successor if now in gone and merger.effective_on <= one[1] else now
                for one, now in there.items()
            }
    return there


async def living_in(
    db: Reads, organisations: Collection[str], *, on: date, as_known: datetime | None = None
) -> tuple[str, ...]:
    """Return these organisations and all that live on in one by a day, each taken over whole, whatever the steps."""
    before = await known.successions.predecessors(db, organisations, as_known=as_known, ahead=True)
    there = await lives_on(db, {*organisations, *before}, on=on, as_known=as_known)
    return tuple(sorted({code for code, now in there.items() if now in organisations}.union(organisations)))
