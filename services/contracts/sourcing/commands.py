"""States how a body has its functions done, and finds what is late, overdue or to be reported."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.contracts import SourcingDecided
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_on
from services.contracts.core.codes import Day, Document, OdsCode
from services.contracts.core.errors import refuse
from services.contracts.core.models import FACET, known
from services.contracts.core.packs import PACKS
from services.contracts.core.rights import must_act_for_customers
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.sourcing.errors import BodyNotKnown
from services.contracts.sourcing.models import decisions
from services.contracts.sourcing.queries import Bought, DecidedFrom, bought_from_nhs_support, decided_on, has_decided
from services.contracts.sourcing.rules import (
    RISK_STRUCTURE,
    Decided,
    Model,
    SourcingChoice,
    days_late,
    find_pack,
    overdue_from,
    pack_on,
    why_not_known,
    why_not_whole,
)

_INTRODUCE = """
INSERT INTO sourced_function (organisation, function) SELECT $1, f FROM unnest($2::text[]) AS new (f) ORDER BY f
    ON CONFLICT (organisation, function) DO UPDATE SET function = EXCLUDED.function
RETURNING id, function
"""


class Decision(BaseModel):
    """How one function is done."""

    model_config = ConfigDict(extra="forbid")

    function: str = Field(max_length=40, description="A function of the catalogue, see `GET /functions`.")
    choice: SourcingChoice | None = Field(default=None, description="null: not assigned, which is refused.")
    model: Model | None = Field(default=None, description="For a function that is bought or shared.")
    structure: int = Field(default=0, strict=True, ge=0, le=4, description="A structure of the rule pack; 0: none.")
    partners: list[OdsCode] = Field(default_factory=list, max_length=50, description="With whom it is shared.")
    supplier: OdsCode | None = Field(default=None, description="From whom it is bought, once that is known.")
    nhs_support: StrictBool = Field(
        default=False, description="It is bought from an NHS commissioning support service: that has a deadline."
    )
    hosts: StrictBool = Field(default=False, description="The body intends to host it for its partners.")
    risk_split: Document | None = Field(
        default=None, description="The paper that says who carries which risk; structure 2 needs one."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.choice in (SourcingChoice.BUY, SourcingChoice.SHARE) and self.model is None:
            raise ValueError(f"{self.function}: what is bought or shared needs a model")
        if self.choice == SourcingChoice.SHARE and not self.partners:
            raise ValueError(f"{self.function}: what is shared needs its partners")
        if self.choice != SourcingChoice.BUY and (self.supplier or self.nhs_support):
            raise ValueError(f"{self.function}: only what is bought has a supplier")
        if len(set(self.partners)) != len(self.partners):
            raise ValueError(f"{self.function}: each partner may be named once only")
        return self


class SubmitSourcing(BaseModel):
    """Decisions on functions from a day on. The first submission covers every function of the catalogue."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day
    decisions: list[Decision] = Field(min_length=1, max_length=100)
    reported_to: OdsCode | None = Field(
        default=None, description="The strategic health authority to which an intention to host is reported."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        functions = [one.function for one in self.decisions]
        if len(set(functions)) != len(functions):
            raise ValueError("each function may be named once only")
        if any(one.hosts for one in self.decisions) and self.reported_to is None:
            raise ValueError("an intention to host names to whom it is reported, in reported_to")
        return self


async def submit_sourcing(
    session: AsyncSession,
    organisation: str,
    command: SubmitSourcing,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State decisions of a body; they replace earlier ones on the same functions.

    Raises NotYoursToDecide, BodyNotKnown, FunctionUnknown, FunctionUnassigned with every function that is left.
    """
    connection = await raw(session)
    await must_act_for_customers(connection, [organisation], by=by, today=today)
    day = command.effective_on
    catalogue, options = functions_on(day), pack_on(day, subject="sourcing-options")
    assigned = [one for one in command.decisions if one.choice is not None]
    ids = await _lock(connection, organisation, [one.function for one in assigned])
    before = await decided_on(connection, organisation, day)
    submitted = {one.function for one in command.decisions}
    decided = {one.function for one in assigned} | (before.keys() - submitted)
    refuse(
        [
            *await _why_not_known(connection, organisation, day),
            *why_not_known((one.function for one in command.decisions), catalogue.names, catalogue.pack.id),
            *why_not_whole(catalogue.names, decided, options.values["not_required"]),
        ]
    )
    is_first = not await has_decided(connection, organisation)
    deadlines = find_pack(day_of(stated_at), subject="sourcing-deadlines") if is_first else None
    late = days_late(day_of(stated_at), deadlines)
    stated = {one.function: _decided(one, late, before.get(one.function)) for one in assigned}
    await decisions.state(
        connection,
        [NewStatement(ids[code], FACET, one.model_dump_json(), Days(day), stated_at) for code, one in stated.items()],
        source="submission",
        by=by.subject,
    )
    await outbox.add_all(session, _events(organisation, stated, day, stated_at))
    if late and deadlines is not None:
        await raise_findings(session, [_late(organisation, late, deadlines.values, stated_at)], stated_at=stated_at)
    await _report(session, organisation, command, before, stated_at=stated_at)


async def agreements_are_overdue(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work gets the caller)
) -> int:
    """Raise that an agreement with NHS support is not in place after its deadline; clear it as of its signature."""
    changed = 0
    for pack in PACKS:
        if pack.subject != "sourcing-deadlines" or pack.status != "active":
            continue
        due_on, last = pack.values["agreement_by"], pack.effective_to or date.max
        bought = await bought_from_nhs_support(await raw(session), up_to, decided_by=last)
        by_supplier: dict[tuple[str, str], list[Bought]] = defaultdict(list)
        for one in bought:
            by_supplier[one.organisation, one.supplier].append(one)
        for (organisation, supplier), functions in by_supplier.items():
            key = _agreement_key(organisation, supplier)
            missing = [overdue_from(pack, one.decided_from) for one in functions if one.signed_on is None]
            if not missing:
                signed_on = max(one.signed_on for one in functions if one.signed_on is not None)
                changed += await clear_findings(session, [key], on=signed_on, reason="signed", stated_at=stated_at)
            elif min(missing) <= up_to:
                finding = NewFinding(
                    key,
                    FindingKind.OVERDUE,
                    [code for code in (organisation, supplier) if code],
                    [organisation],
                    f"the agreement of {organisation} with {supplier or 'NHS commissioning support'} is not in place:"
                    f" it was due by {due_on}",
                    effective_on=min(missing),
                    due_on=due_on,
                )
                changed += await raise_findings(session, [finding], stated_at=stated_at)
    return changed


async def _lock(connection: asyncpg.Connection, organisation: str, functions: Sequence[str]) -> Mapping[str, int]:
    """Lock the body's functions, making those that are new; return their ids."""
    await known.lock(connection, [organisation])
    rows = await connection.fetch(_INTRODUCE, organisation, list(functions))
    return {row["function"]: row["id"] for row in rows}


async def _why_not_known(connection: asyncpg.Connection, organisation: str, day: date) -> list[BodyNotKnown]:
    """Return the refusal of a body that is neither open nor proposed on a day."""
    body = await known.status(connection, organisation, as_at=day)
    if body.status in ("open", "proposed"):
        return []
    message = f"{organisation} is {body.status} on {day}"
    return [BodyNotKnown(message, reasons=[Reason(message, "effective_on")])]


def _decided(one: Decision, late: int, before: DecidedFrom | None) -> Decided:
    """Return a decision as it is stored; what is submitted again unchanged is no later than it was."""
    given = one.model_dump(exclude={"function"})
    decided = Decided.model_validate(given | {"partners": tuple(sorted(one.partners)), "late_days": late})
    is_same = before is not None and before.decided.model_copy(update={"late_days": late}) == decided
    return before.decided if before is not None and is_same else decided


def _events(organisation: str, stated: Mapping[str, Decided], day: date, stated_at: datetime) -> list[SourcingDecided]:
    return [
        SourcingDecided(
            effective_on=day,
            stated_at=stated_at,
            organisation=organisation,
            function=function,
            choice=one.choice.value,
            model=one.model.value if one.model else "",
            structure=one.structure,
            partners=one.partners,
            late_days=one.late_days,
        )
        for function, one in sorted(stated.items())
    ]


def _late(organisation: str, late: int, deadlines: Mapping[str, date], stated_at: datetime) -> NewFinding:
    agreed_by = deadlines["agreed_by"]
    return NewFinding(
        f"options:{organisation}",
        FindingKind.LATE,
        [organisation],
        [organisation],
        f"{organisation} submitted its options late by {late} days: they were to be agreed by {agreed_by}",
        effective_on=day_of(stated_at),
        due_on=agreed_by,
    )


def _agreement_key(organisation: str, supplier: str) -> str:
    return f"agreement:{organisation}:{supplier or '-'}"


def _nhs_suppliers(decided: Mapping[str, DecidedFrom]) -> set[str]:
    return {one.decided.supplier or "" for one in decided.values() if one.decided.nhs_support}


async def _report(
    session: AsyncSession,
    organisation: str,
    command: SubmitSourcing,
    before: Mapping[str, DecidedFrom],
    *,
    stated_at: datetime,
) -> None:
    """Raise what follows from all decisions of the day: an intention to host, a risk whose split is not recorded."""
    day = command.effective_on
    decided = await decided_on(await raw(session), organisation, day)
    left = [_agreement_key(organisation, one) for one in _nhs_suppliers(before) - _nhs_suppliers(decided)]
    await clear_findings(session, left, on=day, reason="withdrawn", stated_at=stated_at)
    hosted = sorted(code for code, one in decided.items() if one.decided.hosts)
    unsettled = sorted(
        code
        for code, one in decided.items()
        if one.decided.structure == RISK_STRUCTURE and one.decided.risk_split is None
    )
    reported_to = [command.reported_to] if command.reported_to else []
    for key, kind, functions, parties, text in (
        (
            f"host:{organisation}",
            FindingKind.HOST_INTENDED,
            hosted,
            [organisation, *reported_to],
            f"{organisation} intends to host {', '.join(hosted)}",
        ),
        (
            f"risk:{organisation}",
            FindingKind.SHARE_TO_SETTLE,
            unsettled,
            [organisation],
            f"{organisation} has not recorded who carries which risk of {', '.join(unsettled)}",
        ),
    ):
        if functions:
            finding = NewFinding(key, kind, [organisation], parties, text, effective_on=day)
            await raise_findings(session, [finding], stated_at=stated_at)
        else:
            await clear_findings(session, [key], on=day, reason="settled", stated_at=stated_at)
