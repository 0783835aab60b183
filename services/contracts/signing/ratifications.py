"""Ratifies or refuses conditional contracts, by the established body's own act or by its published decision."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import CommitmentLapsed
from libs.common.events.governance import DecisionTaken
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.organisations.mergers import mergers_following
from services.contracts.agreements.commands import customers_of, lock_to_bind
from services.contracts.authorities import commands as authorities
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.errors import refuse
from services.contracts.core.models import Contract, Status, known
from services.contracts.core.rights import Expect, must_act_for_one_of
from services.contracts.signing.commands import must_be_party, must_name_party_and_document, why_not_signed_on
from services.contracts.signing.completion import make_binding, signatures_of, why_not_open
from services.contracts.signing.errors import NotConditional, NotEstablished
from services.contracts.signing.models import Ratification

RATIFY = "contract.ratify"
"""The action of governance by which an established body decides on what it signed before."""

_OWN_ACT = "each body ratifies for itself"

# What the successor of a body decides counts for it, where the contract names the successor in its place.
_WAITING = """
SELECT c.reference, code, d.outcome = 'rejected' AS is_refused, d.effective_on, d.stated_at, d.decision
  FROM contract c CROSS JOIN LATERAL unnest(c.not_established) AS code
  JOIN known_decision d ON d.subject = c.reference AND d.action = $1
   AND (code = ANY(d.binds) OR EXISTS (
        SELECT FROM change_of_hands h JOIN contract_customer cc
            ON cc.contract_id = h.contract_id AND cc.customer_code = h.to_customer
         WHERE h.contract_id = c.id AND code = ANY(h.from_customers) AND h.to_customer = ANY(d.binds)))
 WHERE c.status = 'draft' AND c.committed_at IS NOT NULL AND ($2::text IS NULL OR c.reference = $2)
   AND d.outcome IN ('approved', 'approved_with_conditions', 'rejected') AND d.effective_on <= $3
   AND NOT EXISTS (SELECT FROM known_decision_reversal r
                    WHERE r.decision = d.decision AND r.effective_on <= $3 AND r.stated_at >= d.stated_at)
   AND NOT EXISTS (SELECT FROM ratification r
                    WHERE r.contract_id = c.id AND (r.body_code = code OR r.is_refused))
 ORDER BY c.reference, code, d.effective_on, d.decision
"""


class RatifyContract(BaseModel):
    """What the established body decides on a contract that it signed before it was established."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"authority": "Governing body, minute 13/07"}, {"outcome": "rejected"}]},
    )

    outcome: Literal["approved", "rejected"] = Field(default="approved", description="`rejected` ends it unpaid.")
    party: OdsCode | None = Field(
        default=None,
        description="The body that decides: all for whom you act if left out. A loader that acts for every "
        "organisation names it, with its `document`.",
    )
    ratified_on: Day | None = Field(
        default=None, description="Day of the decision; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None
    authority: Text | None = Field(default=None, description="The minute by which the body decided.")


async def ratify_contract(
    session: AsyncSession,
    reference: str,
    command: RatifyContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Ratify or refuse a conditional contract for the bodies for whom the caller acts.

    It is binding from the last ratification that it needed. Raises ContractNotFound, NotYoursToDecide, NotConditional,
    NotEstablished, PartyNotNamed, AuthorityMissing, DocumentMissing, SignedInTheFuture.
    """
    await must_be_party(await raw(session), reference, by=by, today=today)
    [contract] = await lock_to_bind(session, [reference])
    bodies = contract.not_established or customers_of(contract)
    own = await must_act_for_one_of(await raw(session), bodies, because=_OWN_ACT, by=by, today=today)
    expect(contract.version)
    if by.is_national:
        must_name_party_and_document(command.party, command.document)
    act = act_of(command.ratified_on, command.document, by=by, today=today, stated_at=stated_at)
    before = await _ratifications(session, contract)
    decided = {one.body_code for one in before}
    waiting = [code for code in own if code not in decided and command.party in (None, code)]
    _must_wait(contract, before, waiting)
    is_refused = command.outcome == "rejected"
    refuse(await _why_not_decided(session, contract, waiting, act, is_refused=is_refused))
    for code in waiting:
        if not is_refused:
            await authorities.record(
                session, RATIFY, reference, code, minute=command.authority, on=act.day, stated_at=stated_at, by=by
            )
        await decide(
            session,
            contract,
            code,
            is_refused=is_refused,
            on=act.day,
            stated_at=stated_at,
            by=by,
            authority=command.authority,
        )
    return contract


async def _why_not_decided(
    session: AsyncSession, contract: Contract, bodies: Sequence[str], act: RecordedAct, *, is_refused: bool
) -> list[DomainError]:
    """Return the reasons against a decision of these bodies: to refuse they need not be established."""
    found = why_not_signed_on(act, "ratified_on")
    if not is_refused:
        found += await why_not_established(session, contract, bodies, on=act.day)
        found += await authorities.why_not_authorised(
            await raw(session), RATIFY, contract.reference, bodies, on=act.counts_from, field="authority"
        )
    return found


async def decide(
    session: AsyncSession,
    contract: Contract,
    body: str,
    *,
    is_refused: bool,
    on: date,
    stated_at: datetime,
    by: Caller,
    authority: str | None,
    decision: str = "",
) -> None:
    """Record a body's decision on a conditional contract that is locked, and make it binding, or end it, by it.

    `decision` is the published one by which it was refused, empty for a body's own act.
    """
    stated_at = max(stated_at, contract.committed_at or stated_at)
    session.add(
        Ratification(
            contract_id=contract.id,
            body_code=body,
            is_refused=is_refused,
            decided_on=on,
            stated_at=stated_at,
            recorded_by=by.subject,
            authority=authority,
        )
    )
    contract.version += 1
    await session.flush()
    if is_refused:
        await _lapse(session, contract, decision, on=on, stated_at=stated_at)
        return
    decided = await _ratifications(session, contract)
    if {one.body_code for one in decided} >= set(contract.not_established):
        last, known_from = max(one.decided_on for one in decided), max(one.stated_at for one in decided)
        signed = await signatures_of(session, contract)
        minutes = [one.authority for one in decided if one.authority]
        await make_binding(
            session, contract, signed, on=last, document=None, stated_at=known_from, by=by, minutes=minutes
        )


async def why_not_established(
    session: AsyncSession, contract: Contract, bodies: Sequence[str], *, on: date
) -> list[DomainError]:
    """Return one refusal for each body that is not open on the day, or when service begins.

    Where another body has taken one over whole by a day, it stands in its place: it ratifies what that one signed.
    """
    connection, first = await raw(session), max(on, contract.starts_on)
    shut = []
    for day in sorted({on, first}):
        standing = {await _heir(connection, code, day) for code in bodies}
        shut += await why_not_open(connection, sorted(standing), days=(day,))
    if first > contract.last_day:
        message = f"{contract.reference} would have run until {contract.last_day}"
        return [NotEstablished(message, reasons=[Reason(message, "ratified_on")])]
    return [NotEstablished(one.message, reasons=[Reason(one.message, "ratified_on")]) for one in shut]


async def _heir(connection: Reads, code: str, day: date) -> str:
    """Return who has by a day whole what a body was, itself where none took it over."""
    for merger in await mergers_following(connection, known.successions, [code]):
        if merger.effective_on <= day and code in merger.predecessors:
            code = merger.successor
    return code


async def decision_ratifies(session: AsyncSession, event: DecisionTaken, *, by: Caller) -> bool:
    """Ratify or refuse the conditional contract that a decision is about."""
    if event.action != RATIFY:
        return False
    return await _by_decisions(session, event.subject, up_to=date.max, by=by) > 0


async def ratify_by_decisions(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Take up decisions that came before the body's opening was known; return how many were acted on."""
    del stated_at  # What follows from a decision is known since the decision was stated.
    return await _by_decisions(session, None, up_to=up_to, by=by)


async def _by_decisions(session: AsyncSession, reference: str | None, *, up_to: date, by: Caller) -> int:
    done = 0
    for row in await (await raw(session)).fetch(_WAITING, RATIFY, reference, up_to):
        [contract] = await lock_to_bind(session, [row["reference"]])
        before = await _ratifications(session, contract)
        if contract.status != Status.DRAFT or any(one.is_refused or one.body_code == row["code"] for one in before):
            continue
        on, is_refused = row["effective_on"], row["is_refused"]
        if not is_refused and await why_not_established(session, contract, [row["code"]], on=on):
            continue
        await decide(
            session,
            contract,
            row["code"],
            is_refused=is_refused,
            on=on,
            stated_at=row["stated_at"],
            by=by,
            authority=row["decision"],
            decision=row["decision"],
        )
        done += 1
    return done


async def _ratifications(session: AsyncSession, contract: Contract) -> list[Ratification]:
    query = select(Ratification).where(Ratification.contract_id == contract.id).order_by(Ratification.id)
    return list((await session.scalars(query)).all())


def _must_wait(contract: Contract, before: Sequence[Ratification], waiting: Sequence[str]) -> None:
    is_open = contract.status == Status.DRAFT and contract.committed_at is not None
    if not is_open or not waiting or any(one.is_refused for one in before):
        raise NotConditional(f"{contract.reference} waits for no ratification by these bodies")


async def _lapse(session: AsyncSession, contract: Contract, decision: str, *, on: date, stated_at: datetime) -> None:
    event = CommitmentLapsed(
        effective_on=on,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=contract.supplier_code,
        customers=tuple(customers_of(contract)),
        reason="refused",
        decision=decision,
    )
    await outbox.add(session, event, version=contract.version)
