"""Makes instruments, each party by its own act: proposes, agrees, leaves, ends; constitutions of their joint bodies."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Self

import asyncpg
from pydantic import ConfigDict, Field, StrictInt, model_validator
from sqlalchemy import CompoundSelect, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, DomainError, Reason
from libs.common.identity import Caller, Role
from libs.common.temporal.believed import NOW
from libs.common.temporal.days import WrittenDay
from services.governance.bodies.organisations import organisation_refusals
from services.governance.bodies.votes import dominance, votes_in
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.believed import believed
from services.governance.core.codes import Action, BodyReference, Command, Document, Note, OrganisationCode
from services.governance.core.errors import NoPower, NotAMember, SafeguardsMissing, refuse
from services.governance.core.members import lives_on, living, members_in, organisations_of
from services.governance.core.models import Facet, known
from services.governance.instruments.constitutions import ConstitutionContent, check_seats, seats_with_votes
from services.governance.instruments.errors import (
    InstrumentNotFound,
    InstrumentNotStanding,
    NotAParty,
    NothingToAgree,
)
from services.governance.instruments.establishment import make, not_standing_on
from services.governance.instruments.models import (
    Constitution,
    Instrument,
    InstrumentAgreement,
    InstrumentKind,
    instrument_time,
)
from services.governance.instruments.rules import Form, awaited, form_on, why_not
from services.governance.pooled_funds.commands import ProposeShares, Share, not_whole, without_share
from services.governance.pooled_funds.models import FundShares
from services.governance.subjects.queries import lacking_shares

_PARTIES = f"""
SELECT p.value FROM instrument i JOIN {believed(instrument_time, "p", Facet.MEMBERS, "i.id", known=NOW)} WHERE i.id = $2
"""  # noqa: S608  (only names of ours are put in)


class MakeInstrument(Command):
    """An instrument by which organisations work together, as one or more of its parties propose it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "joint_committee",
                    "parties": ["07M", "07R"],
                    "functions": ["contract.award"],
                    "first_day": "2015-04-01",
                    "constitution": {
                        "title": "Joint commissioning committee",
                        "seats": [
                            {"title": "Member for Barnet", "organisation": "07M", "described_in": "Agreement, 4"},
                            {"title": "Member for Camden", "organisation": "07R", "described_in": "Agreement, 4"},
                        ],
                        "terms": {"quorum": [{"least": 2}], "majority": {"basis": "members"}},
                    },
                    "document": "Agreement of 20 March 2015",
                }
            ]
        }
    )

    kind: InstrumentKind
    parties: Annotated[tuple[OrganisationCode, ...], Field(min_length=2, max_length=50)]
    host: Annotated[OrganisationCode, Field(description="The party that hosts or leads; left out: no one does.")] = ""
    functions: Annotated[
        tuple[Action, ...], Field(max_length=50, description="What it is for, as dotted actions; left out: everything.")
    ] = ()
    agreement: Annotated[
        str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]*)?$", max_length=80, description="Contracts' reference.")
    ] = ""
    first_day: WrittenDay
    last_day: WrittenDay | None = None
    body: Annotated[BodyReference | None, Field(description="A joint body of the parties that is there.")] = None
    constitution: Annotated[
        ConstitutionContent | None, Field(description="Of the joint body that is established with it.")
    ] = None
    shares: Annotated[
        tuple[Share, ...],
        Field(max_length=50, description="Of a pooled fund, in the order of the parties.", examples=[["1/3", "2/3"]]),
    ] = ()
    safeguards: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=60)], ...],
        Field(max_length=20, description="Against conflicts of interest: codes of the rule pack."),
    ] = ()
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        if len(set(self.parties)) != len(self.parties):
            raise ValueError("parties: name each one once")
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        if self.body is not None and self.constitution is not None:
            raise ValueError("constitution: name a body that is there, or the constitution of a new one")
        if self.shares and not self.kind.pools:
            raise ValueError(f"shares: a {self.kind} has no pooled fund")
        if self.kind is InstrumentKind.POOLED_FUND and not self.shares:
            raise ValueError("shares: a pooled fund needs them")
        leads = self.kind in (InstrumentKind.LEAD_COMMISSIONER, InstrumentKind.HOSTED_SERVICE)
        if not self.host and (leads or self.shares):
            raise ValueError("host: name the party that hosts or leads")
        return self


class AgreeInstrument(Command):
    """A party's agreement to an instrument, or to a constitution that was proposed later."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organisation": "07R", "document": "Governing body, 26 March 2015, item 5"}]}
    )

    organisation: OrganisationCode
    constitution: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=1000,
            description="The number of what was proposed: a constitution, or shares of the fund; 1: the instrument"
            " itself, with its first constitution.",
        ),
    ] = 1
    note: Note = None
    document: Document = None


class ProposeConstitution(ConstitutionContent):
    """Another constitution of an instrument's joint body from a day on, as one of its parties proposes it."""

    organisation: Annotated[OrganisationCode, Field(description="The party that proposes it, and agrees to it.")]
    first_day: WrittenDay
    note: Note = None
    document: Document = None


async def make_instrument(
    session: AsyncSession, command: MakeInstrument, *, by: Caller, today: date, stated_at: datetime
) -> Instrument:
    """Propose an instrument; the parties that the caller acts for agree, and it is made once all have.

    Raises NoPower, NotAParty, NotAMember, OrganisationNotOpen, HostDominates, SharesNotWhole, SafeguardsMissing.
    """
    connection = await raw(session)
    by.must_have(Role.GOVERNANCE_LEAD)
    await known.lock(connection, command.parties)
    agreeing = await _acted_for(connection, command.parties, by=by, today=today)
    if not agreeing:
        there = await living(connection, command.parties, on=today)
        by.must_act_for_one_of(there, because="each party agrees for itself")
    kinds = await _kinds(connection, command.parties, command.first_day)
    form = form_on(command.kind, command.first_day, kinds)
    refusals: list[DomainError] = []
    if form is None:
        message = (
            f"{command.kind} on {command.first_day.isoformat()}: {why_not(command.kind, command.first_day, kinds)}"
        )
        refuse([NoPower(message, reasons=[Reason(message, "kind")])])
        raise AssertionError  # refuse has raised
    refusals += await _refusals(connection, command, form, today=today, stated_at=stated_at)
    if command.constitution is not None:
        refusals += check_seats(
            form, command.constitution.seats, command.parties, kinds, command.host, command.functions
        )
        refusals += await lacking_shares(connection, command.agreement, pack=form.pack, as_at=command.first_day)
    refuse(refusals)
    instrument = _new(command, form, stated_at)
    session.add(instrument)
    await session.flush()
    if command.constitution is not None:
        seats = seats_with_votes(form, command.constitution.seats, kinds, command.functions)
        content = command.constitution.model_copy(update={"seats": seats})
        session.add(_constitution(instrument, 1, content, command.first_day, stated_at))
        await session.flush()
    await _agree(session, instrument, 1, agreeing, command, by=by, today=today, stated_at=stated_at)
    return instrument


async def agree_instrument(
    session: AsyncSession,
    instrument: Instrument,
    command: AgreeInstrument,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Record that a party agrees; make what was proposed once all have.

    Raises NotAParty, NothingToAgree, InstrumentNotStanding, SharesNotWhole, and what `make` raises.
    """
    asked = await _asked(session, instrument, command.constitution, today)
    parties = await living(await raw(session), asked, on=today)
    if command.organisation not in parties:
        raise NotAParty(f"{command.organisation} is no party to {instrument.reference}: {', '.join(parties)} are")
    awaiting = await _awaiting(session, instrument, command.constitution, today)
    proposed = await _proposed(session, instrument, command.constitution)
    if command.organisation not in awaiting or not proposed:
        raise NothingToAgree(f"nothing of {instrument.reference} waits for {command.organisation}")
    await _agree(
        session,
        instrument,
        command.constitution,
        [command.organisation],
        command,
        by=by,
        today=today,
        stated_at=stated_at,
    )


async def propose_constitution(
    session: AsyncSession,
    instrument: Instrument,
    command: ProposeConstitution,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> int:
    """Propose another constitution; it takes effect once all parties have agreed to it. Return its number.

    Raises NotAParty, NoPower, HostDominates, InstrumentNotStanding, SharesNotWhole.
    """
    connection = await raw(session)
    parties = await _parties(connection, instrument, command.first_day)
    kinds = await _kinds(connection, parties, command.first_day)
    form = form_on(instrument.kind, command.first_day, kinds)
    if form is None or form.body is None or not instrument.body:
        message = f"{instrument.reference} has no joint body on {command.first_day.isoformat()}"
        raise NoPower(message, reasons=[Reason(message, "first_day")])
    [host] = await living(connection, [instrument.host], on=command.first_day) if instrument.host else [""]
    refusals: list[DomainError] = [
        *await not_standing_on(connection, instrument, command.first_day, field="first_day"),
        *([] if command.organisation in parties else [_no_party(command.organisation, "organisation")]),
        *check_seats(form, command.seats, parties, kinds, host, instrument.functions),
        *await lacking_shares(connection, instrument.agreement, pack=form.pack, as_at=command.first_day),
    ]
    refuse(refusals)
    number = await _next_number(session, instrument)
    seats = seats_with_votes(form, command.seats, kinds, instrument.functions)
    content = ConstitutionContent(title=command.title, seats=seats, terms=command.terms)
    session.add(_constitution(instrument, number, content, command.first_day, stated_at))
    await session.flush()
    await _agree(session, instrument, number, [command.organisation], command, by=by, today=today, stated_at=stated_at)
    return number


async def propose_shares(
    session: AsyncSession,
    instrument: Instrument,
    command: ProposeShares,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> int:
    """Propose other shares of a pooled fund; they count once all parties have agreed to them. Return their number.

    Earlier days keep theirs. Raises NotAParty, NoPower, InstrumentNotStanding, SharesNotWhole, DocumentMissing.
    """
    connection, day = await raw(session), command.first_day
    parties = await _parties(connection, instrument, day)
    kinds = await _kinds(connection, parties, day)
    refusals: list[DomainError] = [*await not_standing_on(connection, instrument, day, field="first_day")]
    if not instrument.fund:
        message = f"{instrument.reference} has no pooled fund"
        refusals.append(NoPower(message, reasons=[Reason(message, "instrument")]))
    elif form_on(instrument.kind, day, kinds) is None:
        message = f"{instrument.kind} on {day.isoformat()}: {why_not(instrument.kind, day, kinds)}"
        refusals.append(NoPower(message, reasons=[Reason(message, "first_day")]))
    refusals += [] if command.organisation in parties else [_no_party(command.organisation, "organisation")]
    refusals += [_no_party(code, "members") for code in command.members if code not in parties]
    refuse([*refusals, *without_share(command.members, parties), *not_whole(command.shares, command.members)])
    number = await _next_number(session, instrument)
    exact = [str(Fraction(share)) for share in command.shares]
    proposed: dict[str, Any] = {"members": list(command.members), "shares": exact, "first_day": day}
    session.add(FundShares(instrument_id=instrument.id, number=number, **proposed, proposed_at=stated_at))
    await session.flush()
    await _agree(session, instrument, number, [command.organisation], command, by=by, today=today, stated_at=stated_at)
    return number


async def get_instrument_to_change(
    session: AsyncSession, reference: str, organisations: Sequence[str], *, by: Caller, today: date
) -> Instrument:
    """Lock an instrument, after these organisations and its parties, for a caller that may decide for the former.

    Raises InstrumentNotFound, RoleMissing, NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    deciding = await known.deciders(connection, organisations, today=today)
    await known.must_act_for(connection, deciding, by=by)
    instrument = await session.scalar(select(Instrument).where(Instrument.reference == reference))
    if instrument is None:
        raise InstrumentNotFound(f"no instrument {reference} is known")
    parties = await _parties(connection, instrument, today)
    await known.lock(connection, {*instrument.parties, *parties, *organisations})
    await known.must_act_for(connection, await known.deciders(connection, organisations, today=today), by=by)
    await session.refresh(instrument, with_for_update=True)
    return instrument


async def parties_of(session: AsyncSession, reference: str, day: date) -> tuple[str, ...]:
    """Return the parties of an instrument on a day, each as it lives on. Raises InstrumentNotFound."""
    instrument = await session.scalar(select(Instrument).where(Instrument.reference == reference))
    if instrument is None:
        raise InstrumentNotFound(f"no instrument {reference} is known")
    return await _parties(await raw(session), instrument, day)


async def _agree(
    session: AsyncSession,
    instrument: Instrument,
    number: int,
    organisations: Sequence[str],
    command: MakeInstrument | AgreeInstrument | ProposeConstitution | ProposeShares,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Record the agreement of these parties; make what was proposed once all have agreed."""
    first_day = await session.scalar(_of_number(Constitution.first_day, FundShares.first_day, instrument, number))
    for organisation in organisations:
        session.add(
            InstrumentAgreement(
                instrument_id=instrument.id,
                number=number,
                organisation=organisation,
                agreed_at=stated_at,
                recorded_by=by.subject,
            )
        )
        about = (command, "instrument agreed", instrument.reference, first_day or instrument.first_day)
        session.add(new_act(*about, organisation=organisation, by=by, stated_at=stated_at))
    await session.flush()
    if not await _awaiting(session, instrument, number, today):
        await make(session, instrument, number, document=command.document, by=by, today=today, stated_at=stated_at)


async def _acted_for(connection: asyncpg.Connection, parties: Sequence[str], *, by: Caller, today: date) -> list[str]:
    """Return the parties that the caller may decide for."""
    predecessors = await known.predecessors(connection, by.organisations)
    acted_for = []
    for party in parties:
        deciding = await known.deciders(connection, [party], today=today)
        if by.acts_for(deciding, predecessors=predecessors):
            acted_for.append(party)
    return acted_for


async def _kinds(connection: asyncpg.Connection, parties: Sequence[str], day: date) -> dict[str, str]:
    return {code: one.kind for code, one in (await known.statuses(connection, parties, as_at=day)).items()}


async def _parties(connection: asyncpg.Connection, instrument: Instrument, day: date) -> tuple[str, ...]:
    """Return the parties of a day, each as it lives on; as proposed where it was never made."""
    named = await _members(connection, instrument, max(day, instrument.first_day)) or instrument.parties
    return await living(connection, named, on=day)


async def _members(connection: asyncpg.Connection, instrument: Instrument, day: date) -> list[str]:
    rows = await connection.fetch(_PARTIES, day, instrument.id)
    return members_in(rows[0]["value"]) if rows else []


async def _awaiting(session: AsyncSession, instrument: Instrument, number: int, day: date) -> list[str]:
    """Return who has still to agree: the successor for a party that was taken over before it did."""
    named = await _asked(session, instrument, number, day)
    found = select(InstrumentAgreement.organisation).where(
        InstrumentAgreement.instrument_id == instrument.id, InstrumentAgreement.number == number
    )
    return awaited(named, set(await session.scalars(found)), await lives_on(await raw(session), named, on=day))


async def _asked(session: AsyncSession, instrument: Instrument, number: int, day: date) -> list[str]:
    """Return who agrees: later on, the parties of the first day of what is proposed, or of the day if that is later."""
    first_day = await session.scalar(_of_number(Constitution.first_day, FundShares.first_day, instrument, number))
    if number == 1 or first_day is None:
        return list(instrument.parties)
    if not (named := await _members(await raw(session), instrument, max(day, first_day))):
        raise InstrumentNotStanding(f"{instrument.reference} does not stand on {max(day, first_day).isoformat()}")
    return named


async def _proposed(session: AsyncSession, instrument: Instrument, number: int) -> bool:
    """Whether something waits for agreement: the instrument itself, or a later constitution or shares."""
    if number == 1:
        return instrument.made_at is None
    rows = list(await session.scalars(_of_number(Constitution.made_at, FundShares.made_at, instrument, number)))
    return rows == [None]


async def _next_number(session: AsyncSession, instrument: Instrument) -> int:
    """Return the next number of what is proposed of a locked instrument, after its constitutions and shares."""
    ours = select(Constitution.number).where(Constitution.instrument_id == instrument.id)
    theirs = select(FundShares.number).where(FundShares.instrument_id == instrument.id)
    return max(await session.scalars(ours.union_all(theirs)), default=1) + 1


def _of_number(of_constitution: Any, of_shares: Any, instrument: Instrument, number: int) -> CompoundSelect[Any]:
    """Return the statement that reads a column of what was proposed of an instrument under a number."""
    ours = select(of_constitution).where(Constitution.instrument_id == instrument.id, Constitution.number == number)
    theirs = select(of_shares).where(FundShares.instrument_id == instrument.id, FundShares.number == number)
    return ours.union_all(theirs)


async def _refusals(
    connection: asyncpg.Connection, command: MakeInstrument, form: Form, *, today: date, stated_at: datetime
) -> list[DomainError]:
    day = command.first_day
    found: list[DomainError] = list(
        paper_refusals(day, field="first_day", document=command.document, today=today, stated_at=stated_at)
    )
    for party in command.parties:
        found += await organisation_refusals(connection, party, day, None, today=today)
    if command.host and command.host not in command.parties:
        found.append(_no_party(command.host, "host"))
    missing = [code for code in form.safeguards if code not in command.safeguards]
    for code in missing:
        message = f"{code} is missing: {form.pack} needs it"
        found.append(SafeguardsMissing(message, reasons=[Reason(message, "safeguards")]))
    found += not_whole(command.shares, command.parties) if command.shares else []
    if (command.constitution is not None or command.body is not None) and form.body is None:
        message = f"a {command.kind} has no joint body by {form.pack}"
        found.append(NoPower(message, reasons=[Reason(message, "constitution" if command.constitution else "body")]))
    if command.body is not None:
        members = await organisations_of(connection, command.body, on=day, as_known=None)
        if set(members) != set(command.parties):
            message = f"{command.body} is of {', '.join(members)}"
            found.append(NotAMember(message, reasons=[Reason(message, "body")]))
        votes = (await votes_in(connection, [command.body], on=day))[command.body]
        found += dominance(form.pack, command.host, votes, "body")
    return found


def _no_party(organisation: str, field: str) -> Conflict:
    message = f"{organisation} is no party"
    return NotAParty(message, reasons=[Reason(message, field)])


def _new(command: MakeInstrument, form: Form, stated_at: datetime) -> Instrument:
    reference = uuid.uuid4()
    return Instrument(
        reference=f"IN-{reference}",
        kind=command.kind,
        parties=list(command.parties),
        host=command.host,
        agreement=command.agreement,
        functions=list(command.functions),
        safeguards=sorted(set(command.safeguards)),
        pack=form.pack,
        power=form.power,
        binding=form.binding,
        first_day=command.first_day,
        last_day=command.last_day,
        fund=f"PF-{reference}" if command.shares else "",
        shares=[str(Fraction(share)) for share in command.shares],
        body=command.body or "",
        proposed_at=stated_at,
    )


def _constitution(
    instrument: Instrument, number: int, content: ConstitutionContent, first_day: date, stated_at: datetime
) -> Constitution:
    return Constitution(
        instrument_id=instrument.id,
        number=number,
        content=content.model_dump_json(exclude_unset=True),
        first_day=first_day,
        proposed_at=stated_at,
    )
