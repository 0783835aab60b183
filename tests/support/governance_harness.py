"""The harness for tests about governance: commands as somebody gives them, events as the registry tells them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.events import Envelope, Event
from libs.common.events.registry import CCGMerged, OrganisationOpened, OrganisationProposed
from libs.common.identity import Caller, Role
from libs.common.messaging.subscriptions import Delivery
from services.governance.appointments import commands as appointments
from services.governance.bodies import closure, deputies, posts, terms
from services.governance.bodies import commands as bodies
from services.governance.bodies.joint import get_named_body_to_change, get_seat_to_change
from services.governance.bodies.organisations import organisation_of
from services.governance.core import queries as reads
from services.governance.decision_rights import commands as decision_rights
from services.governance.decisions import commands as decisions
from services.governance.decisions.models import Outcome
from services.governance.instruments import commands as instruments
from services.governance.instruments import departures
from services.governance.people import commands as people
from services.governance.pooled_funds.commands import ProposeShares
from services.governance.proposals import acts as proposal_acts
from services.governance.proposals import commands as proposals
from services.governance.reactions.publishers import subscriptions

ENGLAND_OPENED = date(2013, 4, 1)
MERGED_ON = date(2018, 4, 1)


def at(day: date, hour: int = 9) -> datetime:
    """An instant on a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def a_lead(*organisations: str) -> Caller:
    """A governance lead of these organisations, of every one where none is named."""
    return Caller(
        subject="lead", roles=frozenset({Role.GOVERNANCE_LEAD}), organisations=frozenset(organisations or {"*"})
    )


def a_merger(
    successor: str = "14Y",
    predecessors: tuple[str, ...] = ("10H", "10Y"),
    *,
    on: date = MERGED_ON,
    stated: datetime | None = None,
) -> CCGMerged:
    """Aylesbury Vale and Chiltern become Buckinghamshire, or others something else."""
    return CCGMerged(
        effective_on=on,
        stated_at=stated or at(on, 0),
        merger=f"M-{successor}",
        successor=successor,
        successor_name=f"NHS {successor} CCG",
        predecessors=predecessors,
    )


@dataclass
class GovernanceHarness:
    """One governance database, and what happens to it."""

    database: Database
    ids: dict[str, str] = field(default_factory=dict)
    """The ids of persons, by what a test calls them."""
    _position: int = field(default=0)

    async def hear_of_ccgs(self, *codes: str, on: date = ENGLAND_OPENED) -> None:
        """The registry opened these CCGs."""
        opened = [
            OrganisationOpened(effective_on=on, stated_at=at(on, 0), code=code, name=f"NHS {code} CCG", kind="ccg")
            for code in codes
        ]
        await self.hear(*opened)

    async def hear_of_proposed(self, code: str, *, on: date) -> None:
        """The registry has a CCG that is legally set and does not operate yet."""
        await self.hear(
            OrganisationProposed(effective_on=on, stated_at=at(on, 0), code=code, name=f"NHS {code} CCG", kind="ccg")
        )

    async def hear(self, *events: Event) -> None:
        """The registry's events arrive and are dealt with, in one transaction, as the inbox does."""
        async with self.database.begin() as session:
            await self.deliver(session, *events)

    async def deliver(self, session: AsyncSession, *events: Event) -> None:
        """The same within a transaction that the test holds."""
        await subscriptions.deliver([self._delivery(event) for event in events], session)

    def _delivery(self, event: Event) -> Delivery:
        self._position += 1
        envelope = Envelope(
            id=f"event-{self._position}",
            source="registry",
            name=event.event_name,
            version=event.event_version,
            keys=tuple(sorted(event.keys)),
            recorded_at=event.stated_at,
            position=self._position,
            fields=event.model_dump(mode="json"),
        )
        return Delivery(envelope, event)

    async def person(self, short: str, name: str = "Somebody", *, organisation: str = "10H") -> str:
        """A person is registered, whom the test calls `short`; the id that the service gives."""
        async with self.database.begin() as session:
            command = people.RegisterPerson(organisation=organisation, display_name=name)
            self.ids[short] = (await people.register_person(session, command, by=a_lead(), today=ENGLAND_OPENED)).id
        return self.ids[short]

    async def body(
        self, organisation: str, *titles: str, first_day: date = ENGLAND_OPENED, by: Caller | None = None
    ) -> str:
        """A governing body with its mandatory posts and these; its reference."""
        command = bodies.EstablishBody(
            organisation=organisation, first_day=first_day, posts=tuple(posts.NewPost(title=title) for title in titles)
        )
        async with self.database.begin() as session:
            body = await bodies.establish_body(
                session, command, by=by or a_lead(), today=first_day, stated_at=at(first_day)
            )
        return body.reference

    async def committee(
        self, organisation: str, title: str, *posts_: dict[str, Any], by: Caller | None = None, **command: Any
    ) -> str:
        """A committee within the body that leads an organisation, with these posts; its reference."""
        described = {"described_in": "Terms of reference, 3"}
        given: dict[str, Any] = {
            "organisation": organisation,
            "kind": "committee",
            "title": title,
            "first_day": ENGLAND_OPENED,
            "posts": [described | post for post in posts_],
        } | command
        return await self.establish(given, by=by)

    async def joint_body(self, title: str, *seats: dict[str, Any], by: Caller | None = None, **command: Any) -> str:
        """A joint committee with these seats, each naming the member whose it is; its reference."""
        described = {"described_in": "Terms of reference, 3"}
        given: dict[str, Any] = {
            "kind": "joint_committee",
            "title": title,
            "first_day": date(2014, 10, 1),
            "posts": [described | seat for seat in seats],
        } | command
        given.setdefault("members", sorted({seat["organisation"] for seat in seats}))
        return await self.establish(given, by=by)

    async def establish(self, given: dict[str, Any], *, by: Caller | None = None) -> str:
        """A body is established on its first day; its reference."""
        async with self.database.begin() as session:
            body = await bodies.establish_body(
                session,
                bodies.EstablishBody.model_validate(given),
                by=by or a_lead(),
                today=given["first_day"],
                stated_at=at(given["first_day"]),
            )
        return body.reference

    async def dissolve(self, body: str, last_day: date, **command: Any) -> None:
        """A committee is dissolved, on its last day."""
        given = {"last_day": last_day, "reason": "work-done"} | command
        async with self.database.begin() as session:
            found = await get_named_body_to_change(session, body, by=a_lead(), today=last_day)
            ended = closure.DissolveBody.model_validate(given)
            await closure.dissolve_body(session, found, ended, by=a_lead(), today=last_day, stated_at=at(last_day))

    async def state_terms(self, body: str, *, first_day: date = ENGLAND_OPENED, **command: Any) -> None:
        """A body's terms of reference from a day, stated on it."""
        given: dict[str, Any] = {"quorum": [{"least": 1}], "first_day": first_day} | command
        async with self.database.begin() as session:
            found = await get_named_body_to_change(session, body, by=a_lead(), today=first_day)
            stated = terms.StateTerms.model_validate(given)
            await terms.state_terms(session, found, stated, by=a_lead(), today=first_day, stated_at=at(first_day))

    async def name_deputies(self, post: str, *persons: str, first_day: date = ENGLAND_OPENED) -> None:
        """The deputies for a post from a day on, named on it."""
        command = deputies.NameDeputies(
            persons=tuple(self.ids.get(person, person) for person in persons), first_day=first_day
        )
        code = organisation_of(post)
        async with self.database.begin() as session:
            found = await get_seat_to_change(session, post, by=a_lead(), today=first_day)
            await deputies.name_deputies(
                session, found, command, organisation=code, by=a_lead(), today=first_day, stated_at=at(first_day)
            )

    async def post(self, organisation: str, *, by: Caller | None = None, **command: Any) -> str:
        """One more post; its reference."""
        given: dict[str, Any] = {"organisation": organisation, "title": "Chair", "first_day": ENGLAND_OPENED} | command
        async with self.database.begin() as session:
            made = await posts.create_post(
                session,
                posts.CreatePost.model_validate(given),
                by=by or a_lead(),
                today=given["first_day"],
                stated_at=at(given["first_day"]),
            )
        return made.reference

    async def appoint(
        self,
        post: str,
        person: str,
        first_day: date = ENGLAND_OPENED,
        last_day: date | None = None,
        *,
        by: Caller | None = None,
        stated: datetime | None = None,
    ) -> str:
        """A person is put into a post on the first day; the appointment's id."""
        async with self.database.begin() as session:
            return await self.appoint_in(session, post, person, first_day, last_day, by=by, stated=stated)

    async def appoint_in(
        self,
        session: AsyncSession,
        post: str,
        person: str,
        first_day: date = ENGLAND_OPENED,
        last_day: date | None = None,
        *,
        by: Caller | None = None,
        stated: datetime | None = None,
    ) -> str:
        """The same within a transaction that the test holds."""
        command = appointments.MakeAppointment(
            post=post, person=self.ids.get(person, person), first_day=first_day, last_day=last_day
        )
        made = await appointments.make_appointment(
            session, command, by=by or a_lead(), today=first_day, stated_at=stated or at(first_day)
        )
        return made.id

    async def end(
        self,
        appointment: str,
        last_day: date,
        *,
        reason: str = "resigned",
        stated: datetime | None = None,
        by: Caller | None = None,
        **more: str,
    ) -> None:
        """An appointment gets its last day, on that day."""
        async with self.database.begin() as session:
            found = await appointments.get_appointment_to_change(
                session, appointment, by=by or a_lead(), today=last_day
            )
            command = appointments.EndAppointment.model_validate({"last_day": last_day, "reason": reason, **more})
            await appointments.end_appointment(
                session, found, command, by=by or a_lead(), today=last_day, stated_at=stated or at(last_day)
            )

    async def grant(self, organisation: str, *, by: Caller | None = None, **command: Any) -> int:
        """A decision right, of up to £50,000 for contracts where not said otherwise; its number."""
        given: dict[str, Any] = {
            "organisation": organisation,
            "function": "contract-award",
            "value_limit_pence": 50_000_00,
            "first_day": ENGLAND_OPENED,
            "source_minute": "Governing body, 4 April 2013, item 6",
        } | command
        async with self.database.begin() as session:
            right = await decision_rights.grant_decision_right(
                session,
                decision_rights.GrantDecisionRight.model_validate(given),
                by=by or a_lead(),
                today=given["first_day"],
                stated_at=at(given["first_day"]),
            )
        return right.id

    async def end_right(self, right: int, last_day: date) -> None:
        """A decision right ends."""
        async with self.database.begin() as session:
            found = await decision_rights.get_decision_right_to_change(session, right, by=a_lead(), today=last_day)
            command = decision_rights.EndDecisionRight(last_day=last_day, reason="scheme-revised")
            await decision_rights.end_decision_right(
                session, found, command, by=a_lead(), today=last_day, stated_at=at(last_day)
            )

    async def instrument(self, kind: str, *parties: str, on: date, by: Caller | None = None, **command: Any) -> str:
        """An instrument that these parties make from a day on, on that day; its reference."""
        given = {"kind": kind, "parties": parties, "first_day": on, "document": "Agreement"} | command
        async with self.database.begin() as session:
            asked = instruments.MakeInstrument.model_validate(given)
            made = await instruments.make_instrument(session, asked, by=by or a_lead(), today=on, stated_at=at(on))
            return made.reference

    async def agree(self, instrument: str, organisation: str, *, on: date, constitution: int = 1) -> None:
        """A party agrees, on a day."""
        async with self.database.begin() as session:
            given = {"organisation": organisation, "constitution": constitution, "document": "Minute"}
            command = instruments.AgreeInstrument.model_validate(given)
            how: dict[str, Any] = {"by": a_lead(), "today": on}
            found = await instruments.get_instrument_to_change(session, instrument, [organisation], **how)
            await instruments.agree_instrument(session, found, command, **how, stated_at=at(on))

    async def share(
        self, instrument: str, organisation: str, shares: dict[str, str], *, on: date, today: date | None = None
    ) -> int:
        """A party proposes other shares of a pooled fund from a day on, as it says on it or before; their number."""
        async with self.database.begin() as session:
            how: dict[str, Any] = {"by": a_lead(), "today": today or on}
            found = await instruments.get_instrument_to_change(session, instrument, [organisation], **how)
            command = ProposeShares(
                organisation=organisation, members=tuple(shares), shares=tuple(shares.values()), first_day=on
            )
            return await instruments.propose_shares(session, found, command, **how, stated_at=at(how["today"]))

    async def leave(self, instrument: str, organisation: str, last_day: date, *, today: date | None = None) -> None:
        """A party leaves after its last day, as it says on it or before."""
        async with self.database.begin() as session:
            given = {"organisation": organisation, "last_day": last_day}
            how: dict[str, Any] = {"by": a_lead(), "today": today or last_day}
            found = await instruments.get_instrument_to_change(session, instrument, [organisation], **how)
            command = departures.LeaveInstrument.model_validate(given)
            await departures.leave_instrument(session, found, command, **how, stated_at=at(how["today"]))

    async def end_instrument(self, instrument: str, last_day: date, *, on: date, reason: str = "work-done") -> None:
        """All parties end an instrument after its last day."""
        async with self.database.begin() as session:
            how: dict[str, Any] = {"by": a_lead(), "today": on}
            parties = await instruments.parties_of(session, instrument, last_day)
            found = await instruments.get_instrument_to_change(session, instrument, parties, **how)
            command = departures.EndInstrument(last_day=last_day, reason=reason, document="Agreement")
            await departures.end_instrument(session, found, command, **how, stated_at=at(on))

    async def propose(self, organisation: str, *, on: date, by: Caller | None = None, **command: Any) -> str:
        """A proposal to award, of up to £10,000 for two years, due in a month; its reference."""
        given: dict[str, Any] = {
            "organisation": organisation,
            "kind": "award",
            "action": "contract.award",
            "subject": organisation,
            "value_pence": 20_000_00,
            "annual_pence": 10_000_00,
            "due_on": on + timedelta(days=30),
        } | command
        async with self.database.begin() as session:
            made = await proposals.make_proposal(
                session,
                proposals.MakeProposal.model_validate(given),
                by=by or a_lead(),
                today=on,
                stated_at=at(on),
            )
        return made.reference

    async def decide(
        self,
        proposal: str,
        body: str,
        outcome: str = "approved",
        *,
        on: date,
        stated: datetime | None = None,
        **new: Any,
    ) -> str:
        """A body's decision on a proposal, as its vote came to it; the decision's id."""
        given = {"minute": f"{body}, {on.isoformat()}, item 1"} | new
        async with self.database.begin() as session:
            taken = await decisions.take_decision(
                session,
                decisions.NewDecision(proposal=proposal, body=body, outcome=Outcome(outcome), on=on, **given),
                by=a_lead(),
                stated_at=stated or at(on, 12),
            )
        return taken.id

    async def consult(self, proposal: str, consulted: str, *, on: date) -> None:
        """Someone is consulted on a proposal, and supports it."""
        async with self.database.begin() as session:
            found = await proposals.get_proposal_to_change(session, proposal, by=a_lead(), today=on)
            command = proposal_acts.RecordConsultation.model_validate({"consulted": consulted, "position": "supports"})
            await proposal_acts.record_consultation(
                session, found, command, by=a_lead(), today=on, stated_at=at(on, 10)
            )

    async def show(
        self,
        proposal: str,
        condition: str,
        *,
        on: date,
        stated: datetime | None = None,
        body: str | None = None,
        by: Caller | None = None,
    ) -> None:
        """Evidence is given that a condition is met."""
        given: dict[str, Any] = {"document": "Letter of the auditor", "minute": "Governing body, item 3", "body": body}
        async with self.database.begin() as session:
            found = await proposals.lock_proposal(session, proposal)
            command = proposal_acts.GiveEvidence.model_validate(given)
            await proposal_acts.give_evidence(
                session, found, condition, command, by=by or a_lead(), today=on, stated_at=stated or at(on, 10)
            )

    async def retract(self, proposal: str, condition: str, *, on: date, body: str | None = None) -> None:
        """Evidence of a condition is taken back, as is said at 11 of the day."""
        async with self.database.begin() as session:
            found = await proposals.lock_proposal(session, proposal)
            command = proposal_acts.RetractEvidence(reason="no-longer-met", body=body)
            await proposal_acts.retract_evidence(
                session, found, condition, command, by=a_lead(), today=on, stated_at=at(on, 11)
            )

    async def bucks(self) -> None:
        """Both bodies of Buckinghamshire: P-ao in both, each its own chair, a finance officer in one of them."""
        for person in ("P-ao", "P-chair-10h", "P-chair-10y", "P-cfo"):
            await self.person(person)
        await self.body("10H", "Chair")
        await self.body("10Y", "Chair", "Chief finance officer")
        await self.appoint("10H/accountable-officer", "P-ao")
        await self.appoint("10Y/accountable-officer", "P-ao")
        await self.appoint("10H/chair", "P-chair-10h")
        await self.appoint("10Y/chair", "P-chair-10y")
        await self.appoint("10Y/chief-finance-officer", "P-cfo")

    async def holders(self, organisation: str, *, as_at: date, as_known: datetime | None = None) -> dict[str, Any]:
        """The holder of each post that stands as at a day, as the test calls them, None where it is vacant."""
        wanted = reads.PostFilter(organisation=organisation)
        rows = await reads.list_posts(self.database, wanted, as_at=as_at, as_known=as_known)
        return {row["post"].partition("/")[2]: self.called(row["person"]) for row in rows}

    def called(self, person: str | None) -> str | None:
        """What the test calls a person of this id."""
        return {id_: short for short, id_ in self.ids.items()}.get(person or "", person)

    async def vacancies(self, organisation: str, *, as_at: date) -> dict[str, tuple[date, str]]:
        """The posts that nobody holds: since when, and why."""
        wanted = reads.PostFilter(organisation=organisation, vacant=True)
        rows = await reads.list_posts(self.database, wanted, as_at=as_at, as_known=None)
        return {row["post"].partition("/")[2]: (row["vacant_since"], row["vacant_because"] or "") for row in rows}

    async def told(self, name: str | None = None) -> list[dict[str, Any]]:
        """The fields of the events told, in order, with their names."""
        rows = await self.database.fetch("SELECT name, fields FROM outbox ORDER BY id")
        return [json.loads(row["fields"]) | {"name": row["name"]} for row in rows if name in (None, row["name"])]

    async def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the service keeps, to compare before and after."""
        tables: tuple[str, ...] = ("body", "post", "appointment", "decision_right", "outbox")
        tables += tuple(f"{what}_time_{kind}" for what in ("body", "post", "right") for kind in ("statement", "belief"))
        return {
            table: [tuple(row) for row in await self.database.fetch(f"SELECT * FROM {table} ORDER BY 1")]
            for table in tables
        }
