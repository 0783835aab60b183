"""Puts into effect what every party of an instrument has agreed to: it, and later constitutions and shares."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events import Event
from libs.common.events.governance import InstrumentMade, PooledFundAgreed
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.commands import EstablishBody, establish_joint_body
from services.governance.bodies.departures import end_seats
from services.governance.bodies.joint import get_joint_body
from services.governance.bodies.posts import NewPost, add_posts, seats_of, slugs_on
from services.governance.bodies.terms import StateTerms, state_terms
from services.governance.bodies.votes import cap, percent, share_of, votes_in
from services.governance.core import queries as reads
from services.governance.core.acts import paper_refusals
from services.governance.core.catalogue import catalogue_on, post_slug
from services.governance.core.errors import SharesNotWhole, refuse
from services.governance.core.members import lives_on, living, members_in, members_text, organisations_of
from services.governance.core.models import Facet
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.instruments.closure import TERM_ENDED, dominance_key, end_from
from services.governance.instruments.constitutions import ConstitutionContent
from services.governance.instruments.errors import InstrumentNotStanding, NotAParty
from services.governance.instruments.models import Constitution, Instrument, instrument_time
from services.governance.instruments.rules import form_of
from services.governance.lifetimes.standing import days_of, not_standing, pieces_from, standing, state, until_next
from services.governance.pooled_funds.models import FundShares
from services.governance.pooled_funds.queries import Shares, find_shares


async def make(
    session: AsyncSession,
    instrument: Instrument,
    number: int,
    *,
    document: str | None,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Put the instrument (1) or a later constitution or shares into effect: its parties are locked, and have agreed.

    Raises DocumentMissing where it counts from an earlier day without a paper, InstrumentNotStanding, NotAParty and
    SharesNotWhole where seats or shares are of others than the parties of their first day, and what the body refuses.
    """
    found = select(Constitution).where(Constitution.instrument_id == instrument.id, Constitution.number == number)
    constitution = await session.scalar(found)
    shares = await session.scalar(
        select(FundShares).where(FundShares.instrument_id == instrument.id, FundShares.number == number)
    )
    first_day = next((one.first_day for one in (constitution, shares) if one is not None), instrument.first_day)
    refuse(paper_refusals(first_day, field="document", document=document, today=today, stated_at=stated_at))
    content = ConstitutionContent.model_validate_json(constitution.content) if constitution is not None else None
    how: dict[str, Any] = {"document": document, "by": by, "today": today, "stated_at": stated_at}
    if shares is not None:
        await _pool(session, instrument, shares, stated_at=stated_at)
        return
    if number > 1 and constitution is not None and content is not None:
        constitution.made_at = stated_at
        await _reconstitute(session, instrument, content, constitution.first_day, **how)
        return
    if constitution is not None and content is not None:
        constitution.made_at = stated_at
        instrument.body = await _establish(session, instrument, content, **how)
    instrument.made_at = stated_at
    await _begin(session, instrument, by=by, stated_at=stated_at)


async def _begin(session: AsyncSession, instrument: Instrument, *, by: Caller, stated_at: datetime) -> None:
    """State that an instrument stands with its parties; one with a term ends with it."""
    connection = await raw(session)
    days = days_of(instrument.first_day, instrument.last_day)
    statements = [
        standing(instrument.id, days, stated_at),
        NewStatement(instrument.id, Facet.MEMBERS, members_text(instrument.parties), days, stated_at),
    ]
    await state(connection, instrument_time, statements, by=by.subject)
    await publish_parties(session, instrument, instrument.parties, on=days.start, stated_at=stated_at, by=by.subject)
    await session.flush()
    if instrument.last_day is not None:
        parties = await living(connection, instrument.parties, on=instrument.last_day)
        await end_from(session, instrument, parties, days.end, TERM_ENDED, stated_at=stated_at, by=by.subject)


async def not_standing_on(
    connection: asyncpg.Connection, instrument: Instrument, day: date, *, field: str
) -> list[Conflict]:
    """Return the refusal that names an instrument's real days where it does not stand on a day."""
    return await not_standing(
        *(connection, instrument_time, instrument.id, Days(day, day + timedelta(days=1))),
        refusal=InstrumentNotStanding,
        named=instrument.reference,
        field=field,
    )


async def _parties_of(connection: asyncpg.Connection, instrument: Instrument, day: date) -> tuple[str, ...]:
    """Return the parties of the first day of what was proposed, as now known. Raises InstrumentNotStanding."""
    refuse(await not_standing_on(connection, instrument, day, field="constitution"))
    named, *_ = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], day)
    return await living(connection, members_in(named.value), on=day)


async def _pool(session: AsyncSession, instrument: Instrument, agreed: FundShares, *, stated_at: datetime) -> None:
    """Let later shares of a pooled fund count, if they are those of its parties: one may have left since."""
    connection, day = await raw(session), agreed.first_day
    parties = await _parties_of(connection, instrument, day)
    if parties != await living(connection, agreed.members, on=day):
        message = (
            f"the shares are of {', '.join(agreed.members)}, and {', '.join(parties)} are the parties on"
            f" {day.isoformat()}: propose others"
        )
        refuse([SharesNotWhole(message, reasons=[Reason(message, "constitution")])])
    agreed.made_at = stated_at
    [host] = await living(connection, [instrument.host], on=day)
    shares = Shares(tuple(agreed.members), tuple(agreed.shares))
    await outbox.add(session, _pooled(instrument, shares, host, on=day, stated_at=stated_at))


async def publish_parties(
    session: AsyncSession, instrument: Instrument, parties: Sequence[str], *, on: date, stated_at: datetime, by: str
) -> bool:
    """Publish an instrument's parties from a day on, unless these were published of it last. Return whether it was."""
    connection = await raw(session)
    pieces = await pieces_from(connection, instrument_time, Facet.PUBLISHED, [instrument.id], on)
    there = bool(pieces) and pieces[0].days.start == on
    if there and pieces[0].value == members_text(parties):
        return False
    until = await until_next(connection, instrument_time, Facet.PUBLISHED, instrument.id, on)
    said = NewStatement(instrument.id, Facet.PUBLISHED, members_text(parties), Days(on, until), stated_at)
    await state(connection, instrument_time, [said], by=by)
    [host] = await living(connection, [instrument.host], on=on) if instrument.host else [""]
    first = Shares(tuple(instrument.parties), tuple(instrument.shares))
    shares = await find_shares(connection, instrument.id, on=on) or first
    await outbox.add_all(session, _made(instrument, parties, host, shares, on=on, stated_at=stated_at))
    return True


def _made(
    instrument: Instrument, parties: Sequence[str], host: str, shares: Shares, *, on: date, stated_at: datetime
) -> list[Event]:
    """Return the events of an instrument with these parties from a day on, and of its pooled fund.

    The fund is published as long as its members are the parties: others have to agree on shares of their own.
    """
    told: list[Event] = [
        InstrumentMade(
            instrument=instrument.reference,
            parties=tuple(sorted(parties)),
            kind=instrument.kind,
            power=instrument.power,
            pack=instrument.pack,
            host=host,
            binding=instrument.binding,
            agreement=instrument.agreement,
            effective_on=on,
            stated_at=stated_at,
        )
    ]
    if instrument.fund and set(parties) == set(shares.members):
        told.append(_pooled(instrument, shares, host, on=on, stated_at=stated_at))
    return told


def _pooled(instrument: Instrument, shares: Shares, host: str, *, on: date, stated_at: datetime) -> PooledFundAgreed:
    return PooledFundAgreed(
        fund=instrument.fund,
        instrument=instrument.reference,
        members=shares.members,
        shares=shares.shares,
        host=host,
        ends_on=instrument.last_day,
        effective_on=on,
        stated_at=stated_at,
    )


async def _establish(
    session: AsyncSession,
    instrument: Instrument,
    content: ConstitutionContent,
    *,
    document: str | None,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> str:
    """Establish the joint body with its seats and terms of reference; return its reference."""
    command = EstablishBody.model_validate(
        {
            "kind": form_of(instrument.pack).body,
            "title": content.title,
            "members": instrument.parties,
            "first_day": instrument.first_day,
            "posts": [seat.model_dump(exclude_unset=True) for seat in content.seats],
            "document": document,
        }
    )
    body = await establish_joint_body(session, command, by=by, today=today, stated_at=stated_at)
    terms = _terms(content, instrument.first_day, document)
    await state_terms(session, body, terms, by=by, today=today, stated_at=stated_at)
    return body.reference


async def _reconstitute(
    session: AsyncSession,
    instrument: Instrument,
    content: ConstitutionContent,
    on: date,
    *,
    document: str | None,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Change the seats of the joint body from a day on: those that stay the same keep their holders."""
    connection = await raw(session)
    refuse(await _seats_of_others(connection, instrument, content, on))
    body = await get_joint_body(session, instrument.body)
    posts = await reads.list_posts(connection, reads.PostFilter(body=body.reference), as_at=on, as_known=None)
    wanted = list(content.seats)
    gone = []
    for post in posts:
        same = next((seat for seat in wanted if _is_seat(post, seat)), None)
        if same is None:
            gone.append(post["post"])
        else:
            wanted.remove(same)
    events = await end_seats(connection, body, gone, on, stated_at=stated_at, by=by.subject)
    seats, refusals = seats_of(wanted, catalogue_on(on, kind="joint"), await slugs_on(session, body, on))
    refuse(refusals)
    reason = "established without a holder"
    days = days_of(on, instrument.last_day)
    events += await add_posts(session, body, seats, days, reason=reason, by=by, stated_at=stated_at)
    await state_terms(session, body, _terms(content, on, document), by=by, today=today, stated_at=stated_at)
    await outbox.add_all(session, events)
    await session.flush()
    await review_host(session, instrument, on=on, stated_at=stated_at)


async def _seats_of_others(
    connection: asyncpg.Connection, instrument: Instrument, content: ConstitutionContent, on: date
) -> list[Conflict]:
    """Return a refusal for each party that has a seat, and has left since the constitution was proposed."""
    parties = await _parties_of(connection, instrument, on)
    codes = await lives_on(connection, {seat.organisation for seat in content.seats}, on=on)
    messages = [
        f"{code} is no party on {on.isoformat()}, and has a seat: propose another constitution"
        for code, now in sorted(codes.items())
        if now not in parties
    ]
    return [NotAParty(message, reasons=[Reason(message, "constitution")]) for message in messages]


def _terms(content: ConstitutionContent, first_day: date, document: str | None) -> StateTerms:
    stated = content.terms.model_dump(exclude_unset=True)
    return StateTerms.model_validate({**stated, "first_day": first_day, "document": document})


def _is_seat(post: Mapping[str, Any], seat: NewPost) -> bool:
    """Whether a post is this seat: of the same party, with the same title, roles and vote."""
    roles = sorted(seat.roles) or [post_slug(seat.title)]
    mine = (post["organisation"], post_slug(post["title"]), post["roles"], post["votes"], post["weight"])
    return mine == (seat.organisation, post_slug(seat.title), roles, seat.votes, seat.weight)


async def review_host(session: AsyncSession, instrument: Instrument, *, on: date, stated_at: datetime) -> bool:
    """Raise `dominance` where the host has too much of the votes on a day, and clear it where not; return if changed.

    Nothing is changed by it: the parties are asked for another constitution.
    """
    below = cap(instrument.pack)
    if not instrument.host or not instrument.body or below is None:
        return False
    connection = await raw(session)
    [host] = await living(connection, [instrument.host], on=on)
    share = share_of(host, (await votes_in(connection, [instrument.body], on=on))[instrument.body])
    key = dominance_key(instrument)
    if share < below:
        return bool(await clear_findings(session, [key], on=on, reason="constitution-changed", stated_at=stated_at))
    parties = await organisations_of(connection, instrument.body, on=on, as_known=None)
    text = (
        f"{host} has {percent(share)} of the votes of {instrument.body} from {on.isoformat()}, and stays "
        f"below {percent(below)} by {instrument.pack}: another constitution is needed"
    )
    about = (instrument.reference, instrument.body, host)
    finding = NewFinding(key, FindingKind.DOMINANCE, about, parties, text, on)
    return bool(await raise_findings(session, [finding], stated_at=stated_at))
