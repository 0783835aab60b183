"""Signs contracts: each party by its own act, and the contract once every signatory has signed."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller, Role
from services.contracts.agreements.commands import customers_of, lock_to_bind
from services.contracts.authorities import commands as authorities
from services.contracts.bodies.commands import why_cannot_hold
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.errors import DocumentMissing, SignedInTheFuture, refuse
from services.contracts.core.models import (
    Contract,
    Side,
    Signature,
)
from services.contracts.core.rights import Expect, acted_for, must_act_for_one_of
from services.contracts.core.sight import must_know
from services.contracts.signing.completion import (
    Signatory,
    is_proposed,
    is_signed,
    settle_signatures,
    signature_of,
    signatures_of,
    why_not_open,
)
from services.contracts.signing.errors import AlreadySigned, NotASignatory, PartyNotNamed

_SIGNATORIES = """
SELECT cc.customer_code AS code FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
 WHERE c.reference = $1
 UNION
SELECT supplier_code FROM contract WHERE reference = $1
"""

SIGN = "contract.sign"
"""The action of governance by which a body decides to sign."""

_OWN_ACT = "each party signs for itself"


class SignContract(BaseModel):
    """The signature of the parties for whom the caller acts, or of the one that it names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {},
                {"party": "10H", "signed_on": "2017-03-15", "document": "Contract of 15 March 2017"},
                {"authority": "Governing body, minute 17/42"},
            ]
        },
    )

    party: OdsCode | None = Field(
        default=None,
        description="The party that signs: all for whom you act if left out. A loader that acts for every organisation "
        "names it, with its `document`; a customer may name a supplier that the draft makes no signatory.",
    )
    signed_on: Day | None = Field(
        default=None, description="Day of signature; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None
    authority: Text | None = Field(default=None, description="The minute by which the party decided to sign.")


async def sign_contract(
    session: AsyncSession,
    reference: str,
    command: SignContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Sign a draft for the parties for whom the caller acts; it is binding once every signatory has signed.

    A customer whose merger is known before this commits is refused, with its successor named; one whose merger is
    consumed afterwards is replaced by the reaction. Where it was open then but has merged since, the successor takes
    over at once. One that is proposed, and not open, makes the contract conditional.

    Raises ContractNotFound, NotYoursToDecide, NotADraft, AlreadySigned, NotASignatory, PartyNotNamed, CustomerNotOpen,
    SignedInTheFuture, DocumentMissing.
    """
    await must_be_party(await raw(session), reference, by=by, today=today)
    [contract] = await lock_to_bind(session, [reference])
    await must_be_party(await raw(session), reference, by=by, today=today)
    expect(contract.version)
    contract.must_be_draft()
    act = act_of(command.signed_on, command.document, by=by, today=today, stated_at=stated_at)
    signed = await signatures_of(session, contract)
    signatories = await _signatories(await raw(session), contract, command, signed, by=by, today=today)
    refuse(await _why_not_signed(await raw(session), contract, signatories, act))
    stated_at = max(stated_at, contract.drafted_at)
    new = [
        signature_of(contract, one, act, authority=command.authority, stated_at=stated_at, by=by) for one in signatories
    ]
    session.add_all(new)
    contract.version += 1
    await session.flush()
    for one in new:
        await _record_authority(session, contract, one, by=by)
    if is_signed(contract, [*signed, *new]):
        await settle_signatures(session, contract, [*signed, *new], by=by)
    return contract


async def _why_not_signed(
    connection: asyncpg.Connection, contract: Contract, signatories: Sequence[Signatory], act: RecordedAct
) -> list[DomainError]:
    """Return the reasons against these signatures; a customer that is proposed may sign, conditionally."""
    customers = [
        one.code
        for one in signatories
        if one.side is Side.CUSTOMER and not await is_proposed(connection, one.code, on=act.day)
    ]
    return [
        *why_not_signed_on(act),
        *await why_not_open(connection, customers, days=(act.day, contract.starts_on)),
        *await why_cannot_hold(connection, contract.supplier_code, contract.form, act.day),
    ]


async def must_be_party(connection: asyncpg.Connection, reference: str, *, by: Caller, today: date) -> None:
    """Raise RoleMissing, ContractNotFound, or NotYoursToDecide unless the caller acts for a party of the draft."""
    by.must_have(Role.CONTRACT_LEAD)
    if by.is_national:
        by.must_have(Role.LOADER)
    await must_know(connection, [reference], by=by, today=today)
    parties = {row["code"] for row in await connection.fetch(_SIGNATORIES, reference)}
    await must_act_for_one_of(connection, parties, because=_OWN_ACT, by=by, today=today)


async def _signatories(
    connection: asyncpg.Connection,
    contract: Contract,
    command: SignContract,
    signed: Sequence[Signature],
    *,
    by: Caller,
    today: date,
) -> list[Signatory]:
    """Return who signs now. Raises PartyNotNamed, DocumentMissing, NotASignatory, AlreadySigned."""
    sides = [(code, Side.CUSTOMER) for code in customers_of(contract)] + [(contract.supplier_code, Side.SUPPLIER)]
    if by.is_national:
        must_name_party_and_document(command.party, command.document)
        own, source = [code for code, _ in sides], "loader"
    else:
        own, source = await acted_for(connection, {code for code, _ in sides}, by=by, today=today), "party"
    wanted = [Signatory(code, side, source) for code, side in sides if code in own and command.party in (None, code)]
    if not wanted and command.party == contract.supplier_code and not contract.supplier_signs:
        wanted = [Signatory(command.party, Side.SUPPLIER, "customer")]
        refuse(_why_not_shown(command.document))
    if not wanted:
        message = f"{command.party} is no party of {contract.reference} for which {by.subject} signs"
        raise NotASignatory(message, reasons=[Reason(message, "party")])
    before = {(one.party_code, one.role) for one in signed}
    new = [one for one in wanted if (one.code, one.side.value) not in before]
    if not new:
        raise AlreadySigned(f"{', '.join(sorted({one.code for one in wanted}))} signed {contract.reference} already")
    return new


async def _record_authority(session: AsyncSession, contract: Contract, signature: Signature, *, by: Caller) -> None:
    if signature.role == Side.CUSTOMER:
        await authorities.record(
            session,
            SIGN,
            contract.reference,
            signature.party_code,
            minute=signature.authority,
            on=signature.signed_on,
            stated_at=signature.stated_at,
            by=by,
        )


def must_name_party_and_document(party: str | None, document: str | None) -> None:
    """Raise PartyNotNamed, DocumentMissing unless a loader names whose act it records, and what shows it."""
    found: list[DomainError] = []
    if party is None:
        message = "name the party whose signature the document shows"
        found.append(PartyNotNamed(message, reasons=[Reason(message, "party")]))
    refuse([*found, *_why_not_shown(document)])


def _why_not_shown(document: str | None) -> list[DomainError]:
    """Return the refusal of a signature that another records without its document."""
    if document is not None:
        return []
    message = "another records this signature: name the document that shows it"
    return [DocumentMissing(message, reasons=[Reason(message, "document")])]


def why_not_signed_on(signature: RecordedAct, field: str = "signed_on") -> list[DomainError]:
    """Return the reasons against this day of signature, or of ratification."""
    if signature.day <= signature.recorded_on:
        return signature.why_not_documented(field)
    message = f"{signature.day} is still to come: it is recorded on {signature.recorded_on}"
    return [SignedInTheFuture(message, reasons=[Reason(message, field)])]
