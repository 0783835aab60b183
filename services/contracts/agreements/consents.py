"""Lets each customer agree by its own act to what changes after the signature: a table of shares, or who coordinates.

None of them agrees for the others: a proposal is what the first of them agrees to, and it holds once all have agreed.
"""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller, NotYoursToDecide, Role
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import get_known_contract_to_change, parties_on
from services.contracts.agreements.errors import NoCustomerThen
from services.contracts.agreements.models import AgreementConsent
from services.contracts.agreements.shares import AgreeShares, agree_from_day, why_not_agree, why_not_then
from services.contracts.agreements.views import AgreementConsentsView, AgreementConsentView
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.errors import DocumentMissing, NotSigned, refuse
from services.contracts.core.models import FACET, Contract, Status, coordination, sharing
from services.contracts.core.rights import Expect, must_act_for_one_of
from services.contracts.core.shares import FACETS, ShareKind, table_of
from services.contracts.core.sight import sight_of

Subject = Literal["cost", "hr", "legal", "risk", "coordinator"]
_NOW: Final = datetime.max.replace(tzinfo=UTC)
OWN_ACT: Final = "each customer agrees by its own act"

# Who leaves whole before a day by a notice that stands.
_LEAVING = """
SELECT unnest(n.leaving) AS code FROM exit_notice n
 WHERE n.contract_id = $1 AND n.functions = '{}' AND n.faults = '{}' AND n.exit_day < $2::date
   AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act = 'withdrawal')
"""

# Who agrees to the same since the last that was stated of it: what was agreed before and replaced needs all anew.
_SAME = """
SELECT DISTINCT a.party_code FROM agreement_consent a
 WHERE a.contract_id = $1 AND a.subject = $2 AND a.content = $3 AND a.from_day = $4
   AND a.stated_at > coalesce((SELECT max(s.stated_at) FROM {statements} s WHERE s.subject_id = $1 AND s.facet = $5),
                              '-infinity')
"""
_AGREED, _CHOSEN = (_SAME.format(statements=one.statements) for one in (sharing, coordination))

_ALL = """
SELECT subject, content, from_day, party_code, document, authority, stated_at FROM agreement_consent
 WHERE contract_id = $1 AND stated_at <= $2 ORDER BY stated_at, id
"""


class _Own(BaseModel):
    """A customer's own act."""

    party: OdsCode | None = Field(
        default=None,
        description="The customer that agrees: all for whom you act if left out. A loader that acts for every "
        "organisation names it, with its `document`.",
    )
    authority: Text | None = Field(default=None, description="The minute by which it was decided.")


class AcceptShares(AgreeShares, _Own):
    """A customer's agreement to a whole table of shares from a day."""


class ChooseCoordinator(_Own):
    """A customer's choice of who coordinates a contract from a day."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"coordinating_commissioner": "10Y", "from_day": "2018-04-01"}]}
    )

    coordinating_commissioner: OdsCode
    from_day: Day | None = Field(
        default=None, description="From when; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None


async def accept_shares(
    session: AsyncSession,
    reference: str,
    kind: ShareKind,
    command: AcceptShares,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Agree to a table for those customers for whom the caller acts; it holds once every customer of the day has.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, SharesNotWhole, CoordinatorMissing, ExitOutsideTerm,
    DocumentMissing.
    """
    act = act_of(command.from_day, command.document, by=by, today=today, stated_at=stated_at)
    contract, customers, own = await _agreeing(session, reference, command, act, by=by, today=today)
    expect(contract.version)
    refuse(await why_not_agree(session, contract, kind, command, act, stated_at=stated_at))
    content = json.dumps([command.table.as_text(), command.coordinating_commissioner])
    if await _consent(session, contract, kind, content, act, own, customers, command, stated_at=stated_at, by=by):
        await agree_from_day(session, contract, kind, command, act, stated_at=stated_at, by=by)
    return contract


async def choose_coordinator(
    session: AsyncSession,
    reference: str,
    command: ChooseCoordinator,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Choose who coordinates for those customers for whom the caller acts; it does once all who stay have chosen it.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, NoCustomerThen, ExitOutsideTerm, DocumentMissing.
    """
    act = act_of(command.from_day, command.document, by=by, today=today, stated_at=stated_at)
    contract, customers, own = await _agreeing(session, reference, command, act, by=by, today=today)
    expect(contract.version)
    connection = await raw(session)
    gone = {row["code"] for row in await connection.fetch(_LEAVING, contract.id, act.day)}
    staying = [code for code in customers if code not in gone]
    chosen = command.coordinating_commissioner
    found = [*contract.why_not_end(stated_at), *why_not_then(contract, act.day), *act.why_not_documented("from_day")]
    refuse([*found, *_why_not_staying(contract, chosen, staying)])
    if await _consent(session, contract, "coordinator", chosen, act, own, staying, command, stated_at=stated_at, by=by):
        lead = NewStatement(contract.id, FACET, chosen, Days(act.day), stated_at)
        await coordination.state(connection, [lead], source="choice", by=by.subject)
    return contract


def _why_not_staying(contract: Contract, chosen: str, staying: Collection[str]) -> list[DomainError]:
    if chosen in staying and len(staying) > 1:
        return []
    message = f"{chosen} is none of several customers of {contract.reference} then: {', '.join(staying) or 'none'}"
    return [NoCustomerThen(message, reasons=[Reason(message, "coordinating_commissioner")])]


async def _agreeing(
    session: AsyncSession, reference: str, command: _Own, act: RecordedAct, *, by: Caller, today: date
) -> tuple[Contract, tuple[str, ...], list[str]]:
    """Return the contract, locked, its customers on the day, and those of them that agree by this act."""
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    if contract.status == Status.DRAFT:
        customers = tuple(contract.drafted_for)
    else:
        customers = (await parties_on(session, [contract], act.day))[contract.id].customers
    own = await _own(await raw(session), customers, command, act, by=by, today=today)
    if contract.status == Status.DRAFT:
        raise NotSigned(f"{reference} is a draft: its text is signed")
    return contract, customers, own


async def _own(
    connection: asyncpg.Connection,
    customers: Sequence[str],
    command: _Own,
    act: RecordedAct,
    *,
    by: Caller,
    today: date,
) -> list[str]:
    if by.is_national:
        by.must_have(Role.LOADER)
        if command.party is None:
            raise NotYoursToDecide("no body agrees for all customers: name the one whose document shows it")
        if act.document is None:
            message = "another records this agreement: name the document that shows it"
            raise DocumentMissing(message, reasons=[Reason(message, "document")])
    asked = [code for code in customers if command.party in (None, code)]
    return await must_act_for_one_of(connection, asked or customers, because=OWN_ACT, by=by, today=today)


async def _consent(
    session: AsyncSession,
    contract: Contract,
    subject: Subject,
    content: str,
    act: RecordedAct,
    own: Sequence[str],
    needed: Sequence[str],
    command: _Own,
    *,
    stated_at: datetime,
    by: Caller,
) -> bool:
    """Record who agrees; return whether all who are needed agree to it by this act."""
    row: dict[str, Any] = {
        "contract_id": contract.id,
        "subject": subject,
        "content": content,
        "from_day": act.day,
        "stated_at": stated_at,
        "recorded_by": by.subject,
        "document": act.document,
        "authority": command.authority,
    }
    session.add_all(AgreementConsent(party_code=code, **row) for code in own)
    contract.version += 1
    await session.flush()
    sql, facet = (_CHOSEN, FACET) if subject == "coordinator" else (_AGREED, FACETS[subject])
    agreed = await (await raw(session)).fetch(sql, contract.id, subject, content, act.day, facet)
    return {one["party_code"] for one in agreed} >= set(needed)


async def list_consents(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> AgreementConsentsView:
    """Return what customers have agreed to by their own acts, in order; the supplier reads none of it."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_ALL, sight.id, sight.known) if sight.buys else []
    return _consents(rows, reference, as_at, as_known)


async def consents_to(db: Reads, contract: Contract, *, as_at: date) -> AgreementConsentsView:
    """Return the same to a customer that has just agreed, which by that may read the contract no longer."""
    rows = await db.fetch(_ALL, contract.id, _NOW)
    return _consents(rows, contract.reference, as_at, None)


def _consents(
    rows: Sequence[asyncpg.Record], reference: str, as_at: date, as_known: datetime | None
) -> AgreementConsentsView:
    consents = []
    for row in rows:
        lead, table = row["content"], None
        if row["subject"] != "coordinator":
            text, lead = json.loads(row["content"])
            table = table_of(text)
        consents.append(
            AgreementConsentView(
                party=row["party_code"],
                subject=row["subject"],
                weights=dict(table.weights) if table else None,
                total=table.total if table else None,
                basis=table.basis if table else None,
                coordinating_commissioner=lead,
                from_day=row["from_day"],
                document=row["document"],
                authority=row["authority"],
                stated_at=row["stated_at"],
            )
        )
    return AgreementConsentsView(reference=reference, consents=consents, as_at=as_at, as_known=as_known)
