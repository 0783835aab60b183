"""Amends a signed contract: its lines change from a day, within the limits of its procurement (rule EXIT-6)."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.rulepacks import RulePack
from libs.common.temporal.days import LATEST
from libs.common.temporal.history import Days
from libs.common.temporal.months import last_day_of_term
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_of
from services.contracts.agreements.commands import customers_of, get_contract_to_change, parties_on
from services.contracts.agreements.variations import publish_variation
from services.contracts.amendments.errors import TermsDisagree
from services.contracts.amendments.models import Amendment
from services.contracts.amendments.rules import Change, limits_of, open_ended_months, why_not_modify
from services.contracts.authorities import commands as authorities
from services.contracts.care_models.rules import why_out_of_scope, why_too_long
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.care_models import CareModel
from services.contracts.core.charges import as_text, charges_on
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, Line, Text
from services.contracts.core.conditions import ExitConditions, OtherParty, conditions_on
from services.contracts.core.errors import ExitOutsideTerm, refuse
from services.contracts.core.exit_terms import ExitTerms, exit_terms_of
from services.contracts.core.models import FACET, Contract, condition, terms
from services.contracts.core.rights import Expect
from services.contracts.core.shares import ShareFacet
from services.contracts.exits.rules import charge_between
from services.contracts.exits.statements import publish_terms
from services.contracts.procurements.models import Procurement

AMEND: Final = "contract.amend"
_MOMENT = timedelta(microseconds=1)

_LAST_DAY = """
SELECT max(upper(valid)) - 1 FROM contract_life_belief WHERE subject_id = $1 AND value = 'active' AND upper_inf(known)
"""

_CHANGED_BEFORE = """
SELECT coalesce(sum(change_pence), 0)::bigint FROM amendment WHERE contract_id = $1 AND grounds = $2
"""

# The days after $2 from which a contract has other parties or shares, as known now: the whole of it is published anew.
_LATER = f"""
SELECT DISTINCT lower(b.valid) AS day FROM (
       SELECT valid FROM contract_share_belief
        WHERE subject_id = $1 AND facet = {ShareFacet.COST.value} AND upper_inf(known)
        UNION ALL SELECT valid FROM contract_supplier_belief WHERE subject_id = $1 AND upper_inf(known)
        UNION ALL
       SELECT b.valid FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
        WHERE cc.contract_id = $1 AND upper_inf(b.known)) b
 WHERE lower(b.valid) > $2 AND lower(b.valid) <= $3 ORDER BY day
"""  # noqa: S608  (what is put in is ours)


class AmendContract(BaseModel):
    """A change of a signed contract from a day: the whole of its lines, of its exit terms, or its notice."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "effective_on": "2018-04-01",
                    "lines": [{"function": "payroll", "annual_pence": 13_000_000}],
                    "grounds": "small",
                    "rationale": "Two practices more are paid through it",
                    "authority": "Governing body, 6 March 2018, item 9",
                }
            ]
        },
    )

    effective_on: Day = Field(description="From when they hold. A day before the one of recording needs `document`.")
    lines: list[Line] | None = Field(
        default=None, min_length=1, max_length=100, description="All lines from the day; left out: they stay."
    )
    notice_months: int | None = Field(
        default=None, strict=True, ge=0, le=60, description="The period of notice from the day; left out: it stays."
    )
    earliest_exit_on: Day | None = Field(
        default=None, description="Earliest last day of service that notice allows; null: none. Left out: it stays."
    )
    exit_terms: ExitTerms | None = Field(
        default=None, description="All exit terms from the day; left out: they stay. Their first term is as signed."
    )
    other_parties: list[OtherParty] | None = Field(
        default=None, max_length=20, description="All guarantors and hosts from the day; left out: they stay."
    )
    rationale: Text = Field(description="Why, in your own words; only the parties read it.")
    grounds: str | None = Field(
        default=None,
        max_length=40,
        pattern="^[a-z_]+$",
        description="A ground of the rule pack `modification` of the day on which the procurement began, see "
        "`GET /rule-packs`; needed unless no regime governed the procurement.",
    )
    authority: Text | None = Field(default=None, description="The minute by which the customers decided it.")
    document: Document | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        lines = self.lines or []
        if not (lines or self.changes_conditions):
            raise ValueError("the amendment changes nothing: state lines, notice_months, exit_terms or other_parties")
        if len({line.function for line in lines}) != len(lines):
            raise ValueError("each function may be named once only")
        if sum(line.annual_pence for line in lines) > MOST_ANNUAL_PENCE:
            raise ValueError(f"the lines charge more than {MOST_ANNUAL_PENCE} pence a year together")
        return self

    @property
    def charges(self) -> dict[str, int] | None:
        """The charge a year of each function, by function; None where they stay."""
        if self.lines is None:
            return None
        return {line.function: line.annual_pence for line in sorted(self.lines, key=lambda one: one.function)}

    @property
    def changes_conditions(self) -> bool:
        """Whether it changes notice, exit terms or further parties."""
        return "earliest_exit_on" in self.model_fields_set or any(
            one is not None for one in (self.notice_months, self.exit_terms, self.other_parties)
        )

    def conditions_after(self, before: ExitConditions) -> ExitConditions | None:
        """Return the conditions from the day; None where they stay."""
        if not self.changes_conditions:
            return None
        changed: dict[str, Any] = {"exit_terms": self.exit_terms} if self.exit_terms is not None else {}
        if self.notice_months is not None:
            changed |= {"notice_months": self.notice_months, "notice_rule": None}
        if "earliest_exit_on" in self.model_fields_set:
            changed["earliest_exit_on"] = self.earliest_exit_on
        if self.other_parties is not None:
            changed["other_parties"] = tuple(self.other_parties)
        return before.model_copy(update=changed)


async def amend_contract(
    session: AsyncSession,
    reference: str,
    command: AmendContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Amendment:
    """Change a signed contract from a day, for all its customers then.

    The caller acts for all of them, or for their coordinating commissioner.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, ExitOutsideTerm, FunctionUnknown,
    OutsideCareModel, TermsDisagree, DocumentMissing, AuthorityMissing, ModificationGroundUnknown, ModificationTooLarge.
    """
    act = act_of(command.effective_on, command.document, by=by, today=today, stated_at=stated_at)
    contract = await get_contract_to_change(
        session, reference, by=by, on=max(act.day, today), today=today, expect=expect, coordinated=True
    )
    refuse(contract.why_not_end(stated_at))
    connection = await raw(session)
    last_day: date = await connection.fetchval(_LAST_DAY, contract.id) or contract.ends_on
    refuse([*_why_not_then(contract, act, last_day), *act.why_not_documented("effective_on")])
    functions_of(contract, act.day).must_include(command.charges or ())
    customers = (await parties_on(session, [contract], act.day))[contract.id].customers
    amendment = await _weighed(session, contract, command, last_day, customers, stated_at=stated_at, by=by)
    session.add(amendment)
    contract.version += 1
    await session.flush()
    for timeline, value in ((terms, amendment.lines), (condition, amendment.conditions)):
        if value is not None:
            statement = NewStatement(contract.id, FACET, value, Days(act.day), stated_at)
            await timeline.state(connection, [statement], source=amendment.reference, by=by.subject)
    days = [row["day"] for row in await connection.fetch(_LATER, contract.id, act.day, last_day)]
    await _publish(session, contract, amendment, [act.day, *days], last_day)
    for code in customers:
        await authorities.record(
            session, AMEND, reference, code, minute=command.authority, on=act.recorded_on, stated_at=stated_at, by=by
        )
    return amendment


async def _publish(
    session: AsyncSession, contract: Contract, amendment: Amendment, days: Sequence[date], last_day: date
) -> None:
    """Publish the whole of a contract from each of these days, each a moment after the one before."""
    for number, day in enumerate(days):
        await publish_variation(
            session,
            contract,
            day,
            last_day=last_day,
            reason="amended",
            stated_at=amendment.stated_at + number * _MOMENT,
            amendment=amendment.reference,
        )
        await publish_terms(session, contract, day, stated_at=amendment.stated_at + number * _MOMENT)


def _why_not_then(contract: Contract, act: RecordedAct, last_day: date) -> list[ExitOutsideTerm]:
    if contract.starts_on <= act.day <= last_day:
        return []
    message = f"{contract.reference} runs from {contract.starts_on} to {last_day}, and {act.day} is no day of it"
    return [ExitOutsideTerm(message, reasons=[Reason(message, "effective_on")])]


def _why_terms_disagree(contract: Contract, command: AmendContract) -> list[DomainError]:
    """Return the reasons against exit terms or a first exit that do not fit the term that was signed."""
    found: list[tuple[str, str]] = []
    signed, after = exit_terms_of(contract.exit_terms), command.exit_terms
    if after is not None and (signed.initial_months, signed.open_ended) != (after.initial_months, after.open_ended):
        message = f"the first term of {contract.reference} is as it was signed: initial_months and open_ended stay"
        found.append((message, "exit_terms"))
    first = command.earliest_exit_on
    if first is not None and not contract.starts_on <= first <= contract.ends_on:
        message = f"{contract.reference} runs from {contract.starts_on} to {contract.ends_on}, not on {first}"
        found.append((message, "earliest_exit_on"))
    return [TermsDisagree(message, reasons=[Reason(message, field)]) for message, field in found]


def _why_outside_care_model(contract: Contract, command: AmendContract) -> list[DomainError]:
    """Return the reasons against lines and exit terms that the care model of the contract does not allow."""
    if contract.care_model is None:
        return []
    model = CareModel.model_validate(contract.care_model)
    found = [] if command.charges is None else why_out_of_scope(model, command.charges)
    if command.exit_terms is not None:
        found += why_too_long(model, contract.starts_on, contract.last_day, command.exit_terms)
    return found


async def _weighed(
    session: AsyncSession,
    contract: Contract,
    command: AmendContract,
    last_day: date,
    customers: tuple[str, ...],
    *,
    stated_at: datetime,
    by: Caller,
) -> Amendment:
    """Return an amendment that the law of the procurement and the customers' authority allow."""
    connection = await raw(session)
    pack, day, charges = await _limits_of(session, contract), command.effective_on, command.charges
    change = await _change(session, contract, command, pack, last_day)
    conditions = command.conditions_after(await conditions_on(connection, contract, day))
    found = [*_why_terms_disagree(contract, command), *_why_outside_care_model(contract, command)]
    found += why_not_modify(pack, command.grounds, change)
    found += await authorities.why_not_authorised(
        connection, AMEND, contract.reference, customers, on=day, field="authority"
    )
    refuse(found)
    return Amendment(
        contract_id=contract.id,
        reference=f"A-{uuid.uuid4()}",
        effective_on=day,
        lines=None if charges is None else as_text(charges),
        conditions=None if conditions is None else conditions.as_text(),
        rationale=command.rationale,
        grounds=command.grounds,
        rule_pack=pack.id if pack else None,
        change_pence=change.change_pence,
        customers=list(customers),
        authority=command.authority,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


async def _change(
    session: AsyncSession, contract: Contract, command: AmendContract, pack: RulePack | None, last_day: date
) -> Change:
    """Return by how much the charge changes until the last day, beside what changed before on the same ground."""
    connection, day = await raw(session), command.effective_on
    before = await charges_on(connection, contract, day)
    after = before if command.charges is None else command.charges
    months = open_ended_months(pack, day)
    pence = [_value(sum(charges.values()), day, last_day, months) for charges in (before, after)]
    earlier: int = await connection.fetchval(_CHANGED_BEFORE, contract.id, command.grounds)
    original = _value(contract.annual_pence, contract.starts_on, contract.last_day, months)
    return Change(original, pence[1] - pence[0], earlier)


async def _limits_of(session: AsyncSession, contract: Contract) -> RulePack | None:
    """Return the pack of the contract's procurement; where none of its customers' is known, of its signature."""
    of_theirs = Procurement.buyers.overlap(customers_of(contract))
    query = select(Procurement).where(Procurement.reference == contract.procurement, of_theirs)
    procurement = None if contract.procurement is None else await session.scalar(query)
    if procurement is not None:
        return limits_of(procurement.begun_on, procurement.regime)
    return limits_of(contract.signed_on or contract.starts_on, None)


def _value(annual_pence: int, first: date, last: date, open_ended_months: int) -> int:
    """Return the charge of a term; of one without an end that of its first months."""
    return charge_between(annual_pence, first, last_day_of_term(first, open_ended_months) if last == LATEST else last)
