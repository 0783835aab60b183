"""Puts into effect what every party of an instrument has agreed to: the instrument, and later constitutions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.governance import InstrumentMade, PooledFundAgreed
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.commands import EstablishBody, establish_joint_body
from services.governance.bodies.departures import end_seats
from services.governance.bodies.joint import get_joint_body
from services.governance.bodies.posts import NewPost, add_posts, seats_of, slugs_on
from services.governance.bodies.terms import StateTerms, state_terms
from services.governance.core import queries as reads
from services.governance.core.acts import paper_refusals
from services.governance.core.catalogue import catalogue_on, post_slug
from services.governance.core.errors import refuse
from services.governance.core.members import members_text, organisations_of
from services.governance.core.models import Facet
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.instruments.constitutions import ConstitutionContent, cap, dominates
from services.governance.instruments.models import Constitution, Instrument, instrument_time
from services.governance.instruments.queries import host_share
from services.governance.instruments.rules import form_of, percent
from services.governance.lifetimes.standing import days_of, standing, state


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
    """Put the instrument (1) or one of its later constitutions into effect: its parties are locked, and have agreed.

    Raises DocumentMissing where it counts from an earlier day without a paper, and what the body refuses.
    """
    found = select(Constitution).where(Constitution.instrument_id == instrument.id, Constitution.number == number)
    constitution = await session.scalar(found)
    first_day = constitution.first_day if constitution is not None else instrument.first_day
    refuse(paper_refusals(first_day, field="document", document=document, today=today, stated_at=stated_at))
    content = ConstitutionContent.model_validate_json(constitution.content) if constitution is not None else None
    how: dict[str, Any] = {"document": document, "by": by, "today": today, "stated_at": stated_at}
    if number > 1 and constitution is not None and content is not None:
        constitution.made_at = stated_at
        await _reconstitute(session, instrument, content, constitution.first_day, **how)
        return
    if constitution is not None and content is not None:
        constitution.made_at = stated_at
        instrument.body = await _establish(session, instrument, content, **how)
    instrument.made_at = stated_at
    days = days_of(instrument.first_day, instrument.last_day)
    statements = [
        standing(instrument.id, days, stated_at),
        NewStatement(instrument.id, Facet.MEMBERS, members_text(instrument.parties), days, stated_at),
    ]
    await state(await raw(session), instrument_time, statements, by=by.subject)
    await outbox.add_all(
        session, made_events(instrument, instrument.parties, on=instrument.first_day, stated_at=stated_at)
    )
    await session.flush()


def made_events(instrument: Instrument, parties: Sequence[str], *, on: date, stated_at: datetime) -> list[Event]:
    """Return the events of an instrument with these parties from a day on, and of its pooled fund."""
    told: list[Event] = [
        InstrumentMade(
            instrument=instrument.reference,
            parties=tuple(sorted(parties)),
            kind=instrument.kind,
            power=instrument.power,
            pack=instrument.pack,
            host=instrument.host,
            binding=instrument.binding,
            agreement=instrument.agreement,
            effective_on=on,
            stated_at=stated_at,
        )
    ]
    if instrument.fund and list(parties) == list(instrument.parties):
        told.append(
            PooledFundAgreed(
                fund=instrument.fund,
                instrument=instrument.reference,
                members=tuple(instrument.parties),
                shares=tuple(instrument.shares),
                host=instrument.host,
                ends_on=instrument.last_day,
                effective_on=on,
                stated_at=stated_at,
            )
        )
    return told


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
    seats, refusals = seats_of(wanted, catalogue_on(on, kind="joint"), taken=await slugs_on(session, body))
    refuse(refusals)
    reason = "established without a holder"
    events += await add_posts(session, body, seats, days_of(on, None), reason=reason, by=by, stated_at=stated_at)
    await state_terms(session, body, _terms(content, on, document), by=by, today=today, stated_at=stated_at)
    await outbox.add_all(session, events)
    await session.flush()
    await review_host(session, instrument, on=on, stated_at=stated_at)


def _terms(content: ConstitutionContent, first_day: date, document: str | None) -> StateTerms:
    stated = content.terms.model_dump(exclude_unset=True)
    return StateTerms.model_validate({**stated, "first_day": first_day, "document": document})


def _is_seat(post: Mapping[str, Any], seat: NewPost) -> bool:
    """Whether a post is this seat: of the same party, with the same title, roles and vote."""
    roles = sorted(seat.roles) or [post_slug(seat.title)]
    mine = (post["organisation"], post_slug(post["title"]), post["roles"], post["votes"], post["weight"])
    return mine == (seat.organisation, post_slug(seat.title), roles, seat.votes, seat.weight)


async def review_host(session: AsyncSession, instrument: Instrument, *, on: date, stated_at: datetime) -> None:
    """Raise `dominance` where the host has too much of the votes on a day, and clear it where not.

    Nothing is changed by it: the parties are asked for another constitution.
    """
    form = form_of(instrument.pack)
    if not instrument.host or not instrument.body or form.host_below is None:
        return
    connection = await raw(session)
    key = f"dominance {instrument.reference}"
    share = await host_share(connection, instrument.body, instrument.host, on=on)
    if not dominates(form, share):
        await clear_findings(session, [key], on=on, reason="constitution-changed", stated_at=stated_at)
        return
    parties = await organisations_of(connection, instrument.body, on=on, as_known=None)
    text = (
        f"{instrument.host} has {percent(share)} of the votes of {instrument.body} from {on.isoformat()}, and stays "
        f"below {percent(cap(form))} by {form.pack}: another constitution is needed"
    )
    about = (instrument.reference, instrument.body, instrument.host)
    finding = NewFinding(key, FindingKind.DOMINANCE, about, parties, text, on)
    await raise_findings(session, [finding], stated_at=stated_at)
