"""Flags agreements of a body that ends, which no merger moves, and settles them: remade, saved or ended."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import AgreementSettled, AgreementToRemake, ContractTerminated
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.rulepacks import in_force
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.mergers import Merger, mergers_following
from services.contracts.core.codes import AGREEMENTS, Document, Reference
from services.contracts.core.errors import refuse
from services.contracts.core.models import FACET, Contract, Status, known, life
from services.contracts.core.packs import PACKS
from services.contracts.core.rights import must_act_for_one_of
from services.contracts.core.sight import must_know
from services.contracts.mergers.errors import (
    AgreementAlreadySettled,
    AgreementNotFlagged,
    AgreementUnsettled,
    SchemeUnknown,
)
from services.contracts.mergers.models import AgreementFlag, AgreementSettlement
from services.contracts.mergers.plans import MergerPlan, MergerStatus, find_plans
from services.contracts.part_ends.payments import drop_other_prices
from services.contracts.transfers.commands import transfer_contracts
from services.contracts.transfers.suppliers import settle_suppliers

_REASON = "customer_ended"
"""The reason, a code of the rule pack, for which an agreement ends that its parties made again, or ended."""

_OF_BODIES = """
SELECT c.id, c.reference, c.form,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
                AND b.valid @> $2::date AND upper_inf(b.known)
              WHERE cc.contract_id = c.id ORDER BY cc.customer_code) AS customers
  FROM contract c
 WHERE c.form = ANY($3) AND c.status <> 'draft' AND coalesce(c.exit_day, c.term_end, c.last_day) >= $2
   AND (c.supplier_code = ANY($1) OR c.id IN (SELECT contract_id FROM contract_customer WHERE customer_code = ANY($1)))
 ORDER BY c.id FOR UPDATE
"""

# The latest flag of each agreement and merger.
_LATEST = """
SELECT DISTINCT ON (f.contract_id, f.merger) f.contract_id, f.merger, f.state, f.predecessors, f.successor,
       f.effective_on, f.stated_at
  FROM agreement_flag f
 WHERE f.merger = $1 OR f.predecessors && $2::text[]
 ORDER BY f.contract_id, f.merger, f.id DESC
"""

_SETTLED = """
SELECT DISTINCT ON (s.contract_id) s.contract_id, s.outcome FROM agreement_settlement s
 WHERE s.merger = $1 AND s.contract_id = ANY($2) ORDER BY s.contract_id, s.id DESC
"""

# Agreements that run up to the day of a succession of one of their parties and have no flag of it. A share or a shape
# that moves nothing is left out.
_SIGNED_LATE = """
SELECT DISTINCT s.code, s.effective_on FROM contract c
  JOIN contract_customer cc ON cc.contract_id = c.id
  JOIN known_succession s ON s.code = cc.customer_code OR s.code = c.supplier_code
 WHERE c.form = ANY($1) AND c.status = 'signed' AND upper_inf(s.known) AND s.effective_on <= $2
   AND c.starts_on < s.effective_on AND coalesce(c.exit_day, c.term_end, c.last_day) >= s.effective_on - 1
   AND lower(s.known) <= c.signed_at
   AND NOT EXISTS (SELECT FROM agreement_flag f
                    WHERE f.contract_id = c.id AND s.code = ANY(f.predecessors) AND f.effective_on = s.effective_on)
 ORDER BY s.effective_on, s.code
"""

_BODIES = """
SELECT unnest(f.predecessors || f.successor) AS code FROM agreement_flag f JOIN contract c ON c.id = f.contract_id
 WHERE c.reference = $1
"""

_SCHEME = """
SELECT FROM known_scheme_statement
 WHERE merger = $1 AND scheme = $2 AND what IN ('made', 'named') AND NOT nil_return
"""

_UNSETTLED = """
SELECT c.reference, f.merger, f.state FROM contract c
 CROSS JOIN LATERAL (SELECT DISTINCT ON (f.merger) f.merger, f.state FROM agreement_flag f
                      WHERE f.contract_id = c.id ORDER BY f.merger, f.id DESC) f
 WHERE c.reference = ANY($1) AND f.state = 'due'
   AND NOT EXISTS (SELECT FROM agreement_settlement s WHERE s.contract_id = c.id AND s.merger = f.merger)
 ORDER BY c.reference, f.merger
"""


class SettleAgreement(BaseModel):
    """What became of an agreement of a body that ends."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"outcome": "remade", "into": "S75-BUCKS-2018"},
                {"outcome": "saved", "scheme": "M-14Y-P1", "document": "Schedule 2, paragraph 4"},
                {"outcome": "ended"},
            ]
        },
    )

    outcome: Literal["remade", "saved", "ended"]
    into: Reference | None = Field(default=None, description="The agreement made in its place, where it was remade.")
    scheme: str | None = Field(
        default=None, min_length=1, max_length=60, description="The transfer scheme whose clause saves it."
    )
    document: Document | None = None

    @model_validator(mode="after")
    def _is_evidenced(self) -> Self:
        if (self.outcome == "remade") != (self.into is not None):
            raise ValueError("into is named where the agreement was remade, and only there")
        if self.outcome != "saved" and self.scheme is not None:
            raise ValueError("a scheme saves an agreement: otherwise name none")
        if self.outcome == "saved" and self.scheme is None and self.document is None:
            raise ValueError("name the scheme that saves it, or the document")
        return self


class _Agreement(BaseModel):
    """A flagged agreement and its parties before its body ended."""

    id: int
    reference: str
    form: str
    supplier: str
    customers: tuple[str, ...]

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple(sorted({*self.customers, self.supplier}))


async def flag_planned(session: AsyncSession, merger: str, *, stated_at: datetime) -> int:
    """Flag what an agreed merger leaves to be made again, from its day; drop that of one withdrawn. Return how many."""
    plan = (await find_plans(await raw(session), [merger])).get(merger)
    if plan is None or plan.status in (MergerStatus.CARRIED_OUT, MergerStatus.UNDONE):
        return 0
    wanted = [plan] if plan.status is MergerStatus.AGREED else []
    return await _flag(session, merger, wanted, state="expected", stated_at=stated_at)


async def flag_followed(
    session: AsyncSession, codes: Collection[str], *, on: date, stated_at: datetime, by: Caller
) -> int:
    """Flag the agreements of bodies that others took over whole on a day, and drop it where that is undone.

    What its parties settled beforehand takes effect. Returns how many flags changed.
    """
    connection = await raw(session)
    following = await mergers_following(connection, known.successions, codes)
    believed = {
        one.key: one for one in following if one.effective_on == on and set(codes).intersection(one.predecessors)
    }
    flagged = await connection.fetch(_LATEST, "", sorted(codes))
    undone = {row["merger"] for row in flagged if row["effective_on"] == on and row["state"] == "due"} - set(believed)
    changed = 0
    for key in sorted(undone):
        changed += await _flag(session, key, [], state="due", stated_at=stated_at)
    for key, merger in believed.items():
        changed += await _flag(session, key, [merger], state="due", stated_at=max(stated_at, merger.stated_at))
        changed += await _carry_out_settled(session, merger, stated_at=stated_at, by=by)
    return changed


async def flag_signed_late(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Flag agreements that were signed after their body's merger was heard; return how many. Part of the due work."""
    changed = 0
    for row in await (await raw(session)).fetch(_SIGNED_LATE, list(AGREEMENTS), up_to):
        changed += await flag_followed(session, [row["code"]], on=row["effective_on"], stated_at=stated_at, by=by)
    return changed


async def settle_agreement(
    session: AsyncSession, reference: str, command: SettleAgreement, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what became of an agreement, as one of its parties; once its body has ended, that takes effect at once.

    Raises ContractNotFound, NotYoursToDecide, AgreementNotFlagged, AgreementAlreadySettled, SchemeUnknown.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    named = [reference, *([command.into] if command.into else [])]
    await must_know(connection, named, by=by, today=today)
    # As the consumer of the registry's events does: what is known of the bodies first, the contracts second.
    await known.lock(connection, [row["code"] for row in await connection.fetch(_BODIES, reference)])
    [contract] = (await session.scalars(_locked(reference))).all()
    flag = await _open_flag(session, contract)
    agreement = await _agreement(connection, contract, flag.effective_on - timedelta(days=1))
    await must_act_for_one_of(
        connection, agreement.parties, because="each party knows what became of it", by=by, today=today
    )
    refuse(await _why_not_settled(session, contract, flag, command))
    await _state(session, contract, agreement, flag, command, today=today, stated_at=stated_at, by=by)
    if flag.state == "due":
        for merger in await _mergers(connection, flag):
            await _carry_out_settled(session, merger, stated_at=stated_at, by=by)


async def _state(
    session: AsyncSession,
    contract: Contract,
    agreement: _Agreement,
    flag: AgreementFlag,
    command: SettleAgreement,
    *,
    today: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Store what became of an agreement, and publish it."""
    session.add(
        AgreementSettlement(
            contract_id=contract.id,
            merger=flag.merger,
            outcome=command.outcome,
            into=command.into,
            scheme=command.scheme,
            document=command.document,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    event = AgreementSettled(
        effective_on=today,
        stated_at=stated_at,
        agreement=agreement.reference,
        parties=agreement.parties,
        successor=flag.successor,
        outcome=command.outcome,
        into=command.into or "",
        evidence=command.scheme or "",
    )
    await outbox.add(session, event)


async def why_unsettled(db: Reads, references: Collection[str]) -> list[DomainError]:
    """Return a refusal for each agreement of a body that has ended, of which no party has stated what became of it."""
    return [
        AgreementUnsettled(f"{row['reference']} is to be made again since {row['merger']}: state what became of it")
        for row in await db.fetch(_UNSETTLED, sorted(references))
    ]


async def _agreement(connection: asyncpg.Connection, contract: Contract, day: date) -> _Agreement:
    rows = await connection.fetch(_OF_BODIES, [contract.supplier_code], min(day, contract.ends_on), list(AGREEMENTS))
    found = next((row for row in rows if row["id"] == contract.id), None)
    if found is None:
        raise AgreementNotFlagged(f"{contract.reference} is no agreement that a merger leaves to be made again")
    return _Agreement.model_validate(dict(found))


async def _flag(
    session: AsyncSession, key: str, wanted: Iterable[MergerPlan | Merger], *, state: str, stated_at: datetime
) -> int:
    """Bring the flags of a merger in line; publish those that are new or of another day. Return how many changed."""
    connection = await raw(session)
    latest = {row["contract_id"]: row for row in await connection.fetch(_LATEST, key, []) if row["merger"] == key}
    flags: list[AgreementFlag] = []
    events: list[AgreementToRemake] = []
    flagged: set[int] = set()
    for one in wanted:
        leaving = [code for code in one.predecessors if code != one.successor]
        day = one.effective_on - timedelta(days=1)
        for row in await connection.fetch(_OF_BODIES, leaving, day, list(AGREEMENTS)):
            agreement = _Agreement.model_validate(dict(row))
            ours = sorted(set(leaving).intersection(agreement.parties))
            if not ours:
                continue
            flagged.add(agreement.id)
            before = latest.get(agreement.id)
            if before and (before["state"], before["effective_on"]) == (state, one.effective_on):
                continue
            flags.append(
                AgreementFlag(
                    contract_id=agreement.id,
                    merger=key,
                    state=state,
                    predecessors=ours,
                    successor=one.successor,
                    effective_on=one.effective_on,
                    stated_at=stated_at,
                )
            )
            events.append(_to_remake(agreement, one, stated_at=stated_at, expected=state == "expected"))
    for flag, event in zip(flags, await outbox.add_all(session, events), strict=True):
        flag.event = event
    gone = [row for contract, row in latest.items() if contract not in flagged and row["state"] != "dropped"]
    flags += [_dropped(row, stated_at) for row in gone]
    session.add_all(flags)
    await session.flush()
    return len(flags)


def _to_remake(
    agreement: _Agreement, one: MergerPlan | Merger, *, stated_at: datetime, expected: bool
) -> AgreementToRemake:
    return AgreementToRemake(
        effective_on=one.effective_on,
        stated_at=stated_at,
        agreement=agreement.reference,
        parties=agreement.parties,
        successor=one.successor,
        merger=one.merger if isinstance(one, MergerPlan) else one.reference,
        kind=agreement.form,
        expected=expected,
    )


def _dropped(row: asyncpg.Record, stated_at: datetime) -> AgreementFlag:
    return AgreementFlag(
        contract_id=row["contract_id"],
        merger=row["merger"],
        state="dropped",
        predecessors=row["predecessors"],
        successor=row["successor"],
        effective_on=row["effective_on"],
        stated_at=stated_at,
    )


async def _open_flag(session: AsyncSession, contract: Contract) -> AgreementFlag:
    """Return the flag of an agreement that waits: the one due first; else the latest. Raises AgreementNotFlagged."""
    query = select(AgreementFlag).where(AgreementFlag.contract_id == contract.id).order_by(AgreementFlag.id)
    latest = {flag.merger: flag for flag in (await session.scalars(query)).all()}
    settled = set(
        (
            await session.scalars(
                select(AgreementSettlement.merger).where(AgreementSettlement.contract_id == contract.id)
            )
        ).all()
    )
    waiting = [flag for flag in latest.values() if flag.state != "dropped"]
    if not waiting:
        raise AgreementNotFlagged(f"{contract.reference} is no agreement that a merger leaves to be made again")
    return min(waiting, key=lambda flag: (flag.merger in settled, flag.effective_on, flag.id))


async def _why_not_settled(
    session: AsyncSession, contract: Contract, flag: AgreementFlag, command: SettleAgreement
) -> list[DomainError]:
    connection = await raw(session)
    refusals: list[DomainError] = []
    settled = await connection.fetch(_SETTLED, flag.merger, [contract.id])
    if settled and flag.state == "due":
        refusals.append(AgreementAlreadySettled(f"{contract.reference} was {settled[0]['outcome']} already"))
    if command.scheme is not None and not await connection.fetch(_SCHEME, flag.merger, command.scheme):
        message = f"no scheme {command.scheme} of {flag.merger} is known"
        refusals.append(SchemeUnknown(message, reasons=[Reason(message, "scheme")]))
    return refusals


def _locked(reference: str) -> Select[Contract]:
    return select(Contract).where(Contract.reference == reference).with_for_update()


async def _mergers(connection: asyncpg.Connection, flag: AgreementFlag) -> Sequence[Merger]:
    following = await mergers_following(connection, known.successions, flag.predecessors)
    return [one for one in following if one.key == flag.merger]


async def _carry_out_settled(session: AsyncSession, merger: Merger, *, stated_at: datetime, by: Caller) -> int:
    """Let what the parties settled take effect once the merger has: what is saved moves, what is not, ends."""
    connection = await raw(session)
    flagged = [
        row["contract_id"]
        for row in await connection.fetch(_LATEST, merger.key, [])
        if row["merger"] == merger.key and row["state"] == "due"
    ]
    settled = await connection.fetch(_SETTLED, merger.key, flagged)
    saved = [row["contract_id"] for row in settled if row["outcome"] == "saved"]
    changed = 0
    if saved:
        changed += await transfer_contracts(session, merger, by=by, only=saved, saved=True)
        changed += await settle_suppliers(
            session,
            merger.predecessors,
            on=merger.effective_on,
            stated_at=stated_at,
            by=by,
            only=saved,
            saved=True,
        )
    over = [row["contract_id"] for row in settled if row["outcome"] != "saved"]
    query = select(Contract).where(Contract.id.in_(over), Contract.status == Status.SIGNED.value)
    for contract in (await session.scalars(query.order_by(Contract.id).with_for_update())).all():
        changed += await _end(session, contract, merger.effective_on, stated_at=stated_at, by=by)
    return changed


async def _end(session: AsyncSession, contract: Contract, day: date, *, stated_at: datetime, by: Caller) -> bool:
    """End an agreement before the day of the merger, or on its first day where that is later."""
    last_day = max(day - timedelta(days=1), contract.starts_on)
    if last_day >= contract.ends_on:
        return False
    agreement = await _agreement(await raw(session), contract, last_day)
    contract.end(Status.TERMINATED, last_day, reason=_REASON, note=None, agreement=None)
    await session.flush()
    first_day_without = last_day + timedelta(days=1)
    reason = str(in_force(PACKS, first_day_without, subject="exit-reasons")[0].values["reasons"][_REASON])
    at = max(stated_at, contract.signed_at) if contract.signed_at else stated_at
    ended = NewStatement(contract.id, FACET, Status.TERMINATED.value, Days(first_day_without), at)
    await life.state(await raw(session), [ended], source="agreement settled", by=by.subject)
    event = ContractTerminated(
        effective_on=first_day_without,
        stated_at=at,
        contract=contract.reference,
        supplier=agreement.supplier,
        customers=agreement.customers,
        reason=reason,
    )
    await outbox.add(session, event, version=contract.version)
    await drop_other_prices(session, contract, stated_at=at)
    return True
