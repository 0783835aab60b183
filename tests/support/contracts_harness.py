"""The harness for tests about contracts: commands as somebody gives them, events as the registry tells them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.events import CATALOGUE, Envelope, Event
from libs.common.events.registry import CCGMerged, OrganisationClosed, OrganisationOpened
from libs.common.identity import Caller, Role
from libs.common.messaging.subscriptions import Delivery
from services.contracts.agreements import commands as contracts
from services.contracts.agreements import shares
from services.contracts.agreements.terms import ConsolidateContracts, DraftContract, ReviseContract
from services.contracts.consolidations import commands as consolidations
from services.contracts.core import queries as reads
from services.contracts.reactions.publishers import subscriptions
from services.contracts.signing import commands as signatures
from services.contracts.terminations import commands as terminations
from tests.support.builders import a_contract

ENGLAND_OPENED = date(2013, 4, 1)


def at(day: date, hour: int = 9) -> datetime:
    """An instant on a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def a_lead(*organisations: str, also: tuple[Role, ...] = ()) -> Caller:
    """A contract lead of these organisations, of every one where none is named."""
    return Caller(
        subject="lead", roles=frozenset({Role.CONTRACT_LEAD, *also}), organisations=frozenset(organisations or {"*"})
    )


EVERY_CODE = ("10H", "10Y", "14Y", "05C", "05Y", "98Z", "99Z")
"""The commissioners of the tests about contracts: no organisation signs for all, so a lead of all of them does."""


def a_draft(**changed: Any) -> DraftContract:
    """Commissioning support for the two Buckinghamshire CCGs from April 2017, six months' notice."""
    return DraftContract.model_validate(a_contract(**changed))


def any_version(_: int) -> None:
    """Nobody minds which version is changed."""


def bucks_merges(on: date = date(2018, 4, 1), stated: datetime | None = None) -> CCGMerged:
    """Aylesbury Vale and Chiltern become Buckinghamshire."""
    return CCGMerged(
        effective_on=on,
        stated_at=stated or at(on, 0),
        merger="M-BUCKS",
        successor="14Y",
        successor_name="NHS Buckinghamshire CCG",
        predecessors=("10H", "10Y"),
    )


OF_EVERY_CONTRACT = ("ExitTermsStated", "NoticeDatesStated")


@dataclass
class ContractsHarness:
    """One contracts database, and what happens to it."""

    database: Database
    _position: int = field(default=0)

    async def hear_of_ccgs(self, *codes: str, on: date = ENGLAND_OPENED) -> None:
        """The registry opened these CCGs."""
        opened = [
            OrganisationOpened(effective_on=on, stated_at=at(on, 0), code=code, name=f"NHS {code} CCG", kind="ccg")
            for code in codes
        ]
        await self.hear(*opened)

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

    async def draft(
        self, command: DraftContract | None = None, *, by: Caller | None = None, stated: datetime | None = None
    ) -> str:
        """Draft a contract, in January 2017 where not said otherwise; its reference."""
        command = command or a_draft()
        async with self.database.begin() as session:
            stated = stated or at(date(2017, 1, 10))
            await contracts.draft_contract(session, command, by=by or a_lead(), today=stated.date(), stated_at=stated)
        return command.reference

    async def revise(
        self, reference: str, *, on: date = date(2017, 1, 20), by: Caller | None = None, **changed: Any
    ) -> None:
        """Revise a draft: these terms, and those of `a_draft` for the rest."""
        terms = a_draft(**({"starts_on": date(2018, 9, 1)} | changed)).model_dump(exclude={"reference"})
        command = ReviseContract.model_validate(terms)
        async with self.database.begin() as session:
            await contracts.revise_contract(
                session, reference, command, by=by or a_lead(), today=on, expect=any_version
            )

    async def delete(self, reference: str, *, on: date = date(2017, 1, 20), by: Caller | None = None) -> None:
        """Delete a draft."""
        async with self.database.begin() as session:
            await contracts.delete_draft(session, reference, by=by or a_lead(), today=on, expect=any_version)

    async def award(self, reference: str, *, on: date = date(2017, 1, 15), by: Caller | None = None) -> None:
        """Offer a draft to all whom it names."""
        async with self.database.begin() as session:
            await contracts.award_contract(
                session, reference, by=by or a_lead(), today=on, stated_at=at(on), expect=any_version
            )

    async def close(self, code: str, *, on: date) -> None:
        """The registry closed it."""
        await self.hear(OrganisationClosed(effective_on=on, stated_at=at(date(2018, 3, 1)), code=code))

    async def sign(self, reference: str, *, on: date = date(2017, 2, 1), **others: Any) -> None:
        """Sign it on the day."""
        async with self.database.begin() as session:
            await self.sign_within(session, reference, on=on, **others)

    async def sign_within(
        self,
        session: AsyncSession,
        reference: str,
        *,
        on: date,
        by: Caller | None = None,
        stated: datetime | None = None,
        **command: Any,
    ) -> None:
        """The same within a transaction that the test holds."""
        await signatures.sign_contract(
            session,
            reference,
            signatures.SignContract.model_validate(command),
            by=by or a_lead(*EVERY_CODE),
            today=on,
            stated_at=stated or at(on),
            expect=any_version,
        )

    async def signed(self, command: DraftContract | None = None) -> str:
        """A signed contract, signed on 1 February 2017; its reference."""
        reference = await self.draft(command)
        await self.sign(reference)
        return reference

    async def agree_shares(self, reference: str, weights: dict[str, int], *, on: date) -> None:
        """Agree the whole table by which the customers divide the cost, from the day."""
        command = shares.AgreeShares(weights=weights, total=sum(weights.values()))
        async with self.database.begin() as session:
            await shares.agree_shares(
                session, reference, "cost", command, by=a_lead(), today=on, stated_at=at(on), expect=any_version
            )

    async def terminate(self, reference: str, *, on: date, **command: Any) -> None:
        """Terminate it on the day `on`."""
        async with self.database.begin() as session:
            await self.terminate_within(session, reference, on=on, **command)

    async def terminate_within(
        self,
        session: AsyncSession,
        reference: str,
        *,
        on: date,
        by: Caller | None = None,
        stated: datetime | None = None,
        **command: Any,
    ) -> None:
        """The same within a transaction that the test holds."""
        await terminations.terminate_contract(
            session,
            reference,
            terminations.TerminateContract.model_validate({"reason": "in_house"} | command),
            by=by or a_lead(),
            today=on,
            stated_at=stated or at(on),
            expect=any_version,
        )

    async def consolidate(self, *, on: date, **command: Any) -> None:
        """Consolidate contracts on the day `on`."""
        async with self.database.begin() as session:
            await self.consolidate_within(session, on=on, **command)

    async def consolidate_within(
        self,
        session: AsyncSession,
        *,
        on: date,
        by: Caller | None = None,
        stated: datetime | None = None,
        **command: Any,
    ) -> None:
        """The same within a transaction that the test holds."""
        given: dict[str, Any] = {
            "reference": "SHARED-2019",
            "title": "Shared support",
            "supplier": "0CX",
            "lines": [{"function": "payroll", "annual_pence": 120_000_00}],
            "starts_on": date(2019, 4, 1),
            "last_day": date(2022, 3, 31),
            "value_basis": "illustrative",
        }
        wanted = ConsolidateContracts.model_validate(given | command)
        await consolidations.consolidate_contracts(
            session, wanted, by=by or a_lead(), today=on, stated_at=stated or at(on)
        )

    async def seen(
        self, reference: str, *, as_at: date, as_known: datetime | None = None, by: Caller | None = None
    ) -> dict[str, Any]:
        """The contract as it is read."""
        return await reads.get_contract(self.database, reference, by=by or a_lead(), as_at=as_at, as_known=as_known)

    async def customers(self, reference: str, *, as_at: date, as_known: datetime | None = None) -> list[str]:
        """The codes of its customers as at a day."""
        found = await self.seen(reference, as_at=as_at, as_known=as_known)
        return [customer.code for customer in found["customers"]]

    async def status(self, reference: str, *, as_at: date, as_known: datetime | None = None) -> str:
        """Its status as at a day."""
        return str((await self.seen(reference, as_at=as_at, as_known=as_known))["status"])

    async def told(self, name: str | None = None) -> list[dict[str, Any]]:
        """The fields of the events told, in order, with their names; an optional one that says nothing is left out.

        Without a name those are left out by which every contract says how it may be left.
        """
        rows = await self.database.fetch("SELECT name, fields FROM outbox ORDER BY id")
        return [
            _said(row["name"], row["fields"])
            for row in rows
            if name == row["name"] or (name is None and row["name"] not in OF_EVERY_CONTRACT)
        ]

    async def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the service keeps of contracts, to compare before and after."""
        tables: Sequence[str] = (
            "contract",
            "contract_customer",
            "contract_customer_statement",
            "contract_customer_belief",
            "contract_life_belief",
            "change_of_hands",
            "outbox",
        )
        return {
            table: [tuple(row) for row in await self.database.fetch(f"SELECT * FROM {table} ORDER BY 1")]
            for table in tables
        }


def _said(name: str, fields: str) -> dict[str, Any]:
    """The event's fields, without those optional ones that have their default."""
    declared = CATALOGUE[name, 1].model_fields
    said = {
        field: value
        for field, value in json.loads(fields).items()
        if declared[field].is_required() or value not in (declared[field].default, [])
    }
    return said | {"name": name}
