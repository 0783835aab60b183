"""Keeps instruments in line with who lives on in whom, and with transfers of the contracts that are their papers."""

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.contracts import ContractTransferred
from libs.common.messaging import outbox
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.departures import leave_body
from services.governance.bodies.joint import change_members, get_joint_body, members_from
from services.governance.core.members import living, members_text
from services.governance.core.models import STANDS, WITH_BODY, Facet, known
from services.governance.instruments.closure import PARTY_LEFT, decides_under_another, end_from, end_grants, ended
from services.governance.instruments.establishment import publish_parties, review_host
from services.governance.instruments.models import Instrument, instrument_time
from services.governance.lifetimes.dissolution import Dissolution, dissolve
from services.governance.lifetimes.restoration import UndoneEnd, restore_joint_body
from services.governance.lifetimes.standing import Piece, end, ended_with_body, pieces_from, stands_throughout, state

_CONCERNED = f"""
SELECT DISTINCT m.subject_id
  FROM instrument_time_belief m
 WHERE {about("m", Facet.MEMBERS)} AND {as_known("m", NOW)} AND m.valid && daterange($2, NULL)
   AND m.value::jsonb ?| $1
 ORDER BY 1
"""  # noqa: S608  (only names of ours are put in)
_PARTIES = f"""
SELECT DISTINCT jsonb_array_elements_text(m.value::jsonb) AS code
  FROM instrument_time_belief m WHERE {about("m", Facet.MEMBERS)} AND {as_known("m", NOW)}
 UNION
SELECT a.successor FROM known_agreement a JOIN instrument i ON i.agreement = a.agreement
"""  # noqa: S608  (only names of ours are put in)
_NAMED = "SELECT DISTINCT agreement FROM instrument WHERE agreement = ANY($1) AND agreement <> ''"
_ON_PAPER = "SELECT id FROM instrument WHERE agreement = $1 ORDER BY id"


async def instruments_with(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Lock the known organisations of these codes; return those that are parties, or that a party lives on in.

    Those too who have to make a paper again: where their merger is undone, no party need live on in them any longer.
    """
    await known.lock(connection, codes)
    parties = {row["code"] for row in await connection.fetch(_PARTIES)}
    lines = await known.successors_of_each(connection, parties)
    return set(codes) & parties.union(*lines.values())


async def papers_of_instruments(connection: asyncpg.Connection, contracts: Collection[str]) -> set[str]:
    """Return which of these contracts are the paper of an instrument."""
    return {row["agreement"] for row in await connection.fetch(_NAMED, sorted(contracts))}


async def follow_parties(
    session: AsyncSession, codes: Collection[str], *, on: date, stated_at: datetime, by: str
) -> bool:
    """Publish the instruments whose parties change from a day by a succession, or by one that is undone.

    With one party left it ends, until that is undone. A pooled fund is published again with no new shares: its parties
    have to agree on those. Returns whether anything changed.
    """
    connection = await raw(session)
    before = await known.successions.predecessors(connection, codes, ahead=True)
    changed = False
    for row in await connection.fetch(_CONCERNED, sorted({*codes, *before}), on):
        instrument = await _locked(session, row["subject_id"])
        changed |= await _follow(session, instrument, on=on, stated_at=stated_at, by=by)
        changed |= await review_host(session, instrument, on=on, stated_at=stated_at)
    return changed


async def _follow(session: AsyncSession, instrument: Instrument, *, on: date, stated_at: datetime, by: str) -> bool:
    """Bring what is published of a locked instrument in line on each day from one on when its parties may change."""
    connection = await raw(session)
    members = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], on)
    told = await pieces_from(connection, instrument_time, Facet.PUBLISHED, [instrument.id], on)
    changed = False
    for day in sorted({piece.days.start for piece in (*members, *told)}):
        named = next((piece for piece in members if day in piece.days), None)
        if named is None:
            continue
        parties = await living(connection, json.loads(named.value), on=day)
        if len(parties) == 1:
            return await _end_with_one(session, instrument, parties, named, day, stated_at=stated_at, by=by) or changed
        changed |= await _stand_again(session, instrument, day, stated_at=stated_at, by=by)
        changed |= await publish_parties(session, instrument, parties, on=day, stated_at=stated_at, by=by)
    return changed


async def _end_with_one(
    session: AsyncSession,
    instrument: Instrument,
    parties: tuple[str, ...],
    named: Piece,
    day: date,
    *,
    stated_at: datetime,
    by: str,
) -> bool:
    """End an instrument whose parties all live on in one, until that is undone: its parties stay stated.

    With it ends the joint body that decides under it alone, of which one organisation would be all members.
    """
    connection = await raw(session)
    stands = await pieces_from(connection, instrument_time, Facet.STANDS, [instrument.id], day)
    if not stands:
        return False
    await end(connection, instrument_time, Facet.STANDS, stands, stated_at=stated_at, by=by, source=WITH_BODY)
    told = await pieces_from(connection, instrument_time, Facet.PUBLISHED, [instrument.id], day)
    await end(connection, instrument_time, Facet.PUBLISHED, told, stated_at=stated_at, by=by)
    why = NewStatement(instrument.id, Facet.BECAUSE, PARTY_LEFT, Days(day, named.days.end), stated_at)
    await state(connection, instrument_time, [why], by=by)
    events: list[Event] = []
    if instrument.body and not await decides_under_another(connection, instrument, day):
        reason = f"{instrument.reference} ended"
        gone = Dissolution([""], day, reason, stated_at, body=instrument.body, by_succession=True)
        events += (await dissolve(connection, gone, by=by)).events
    events.append(ended(instrument, parties, day, PARTY_LEFT, stated_at=stated_at))
    await outbox.add_all(session, events)
    return True


async def _stand_again(
    session: AsyncSession, instrument: Instrument, day: date, *, stated_at: datetime, by: str
) -> bool:
    """Let an instrument stand that ended with one party left, where that is undone, and its joint body with it."""
    connection = await raw(session)
    ends = await ended_with_body(connection, instrument_time, Facet.STANDS, [instrument.id], day)
    again = [one._replace(value=STANDS, stated_at=stated_at) for one in ends]
    await state(connection, instrument_time, again, by=by)
    if again and instrument.body:
        body = await get_joint_body(session, instrument.body)
        members = await members_from(connection, body.id, day)
        undone = UndoneEnd(day, stated_at)
        told = await restore_joint_body(connection, instrument.body, members, undone, by=by)
        await outbox.add_all(session, told)
    return bool(again)


async def follow_contract(session: AsyncSession, event: ContractTransferred, *, by: str) -> bool:
    """Let the new customers of a contract be parties to the instruments whose paper it is, in place of those before.

    A merger is left to the registry's own events: a party lives on in its successor by those. Without its host, or with
    one party, the instrument ends; one that has ended stays so. Returns whether any changed.
    """
    connection = await raw(session)
    day = Days(event.effective_on, event.effective_on + timedelta(days=1))
    changed = False
    for row in [] if event.merger else await connection.fetch(_ON_PAPER, event.contract):
        instrument = await _locked(session, row["id"])
        if await stands_throughout(connection, instrument_time, instrument.id, day):
            pieces = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], day.start)
            changed |= await _transfer(session, instrument, pieces, event, by=by)
    return changed


async def _transfer(
    session: AsyncSession, instrument: Instrument, pieces: Collection[Piece], event: ContractTransferred, *, by: str
) -> bool:
    """Put the customers in the place of those before in a locked instrument's parties, and in its joint body's."""
    connection = await raw(session)
    on, stated_at = event.effective_on, event.stated_at
    now = {piece: set(await living(connection, json.loads(piece.value), on=piece.days.start)) for piece in pieces}
    first = next(iter(now.values()))
    leaving = sorted(first & set(event.from_customers) - set(event.customers))
    if not leaving:
        return False
    parties = sorted((first - set(leaving)) | set(event.customers))
    [host] = await living(connection, [instrument.host], on=on) if instrument.host else [""]
    if len(parties) == 1 or host in leaving:
        await end_from(session, instrument, sorted(first), on, PARTY_LEFT, stated_at=stated_at, by=by)
        return True
    changes = [
        NewStatement(
            instrument.id,
            Facet.MEMBERS,
            members_text((those - set(leaving)) | set(event.customers)),
            piece.days,
            stated_at,
        )
        for piece, those in now.items()
    ]
    await state(connection, instrument_time, changes, by=by)
    granted = await end_grants(connection, instrument, leaving, on, stated_at=stated_at, by=by)
    await outbox.add_all(session, granted)
    if instrument.body and not await decides_under_another(connection, instrument, on):
        body = await get_joint_body(session, instrument.body)
        for code in leaving:
            await outbox.add_all(session, await leave_body(connection, body, code, on, stated_at=stated_at, by=by))
        await change_members(connection, body, on, joining=event.customers, stated_at=stated_at, by=by)
    await publish_parties(session, instrument, parties, on=on, stated_at=stated_at, by=by)
    await review_host(session, instrument, on=on, stated_at=stated_at)
    return True


async def _locked(session: AsyncSession, instrument_id: int) -> Instrument:
    return await session.get_one(Instrument, instrument_id, with_for_update=True, populate_existing=True)
