"""Uses an option to extend that the exit terms of a contract give: its customers alone decide to."""

import uuid
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import get_contract_to_change
from services.contracts.agreements.variations import publish_variation
from services.contracts.care_models.rules import why_too_long
from services.contracts.core.care_models import CareModel
from services.contracts.core.codes import Document, Text
from services.contracts.core.errors import refuse
from services.contracts.core.exit_terms import ExtensionOption
from services.contracts.core.models import FACET, Contract, Status, life
from services.contracts.core.notice import end_of_extension, last_notice_day
from services.contracts.core.rights import Expect
from services.contracts.exits.models import ContractExtension
from services.contracts.exits.rules import ONE_DAY
from services.contracts.exits.statements import leaving_on, publish_terms
from services.contracts.part_ends.commands import left_then
from services.contracts.terminations.errors import ExtensionNotOffered

_ENDS = """
SELECT max(upper(valid)) - 1 AS day FROM contract_life_belief
 WHERE subject_id = $1 AND value = 'active' AND upper_inf(known)
"""


class ExtendContract(BaseModel):
    """The use of the next option to extend."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"authority": "Minute 14/19"}]})

    authority: Text | None = Field(default=None, description="The minute by which it was decided.")
    document: Document | None = Field(default=None, description="The letter by which the option was used.")


async def extend_contract(
    session: AsyncSession,
    reference: str,
    command: ExtendContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Extend a contract by the next option of its terms, for all its customers; it has to be used in time.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, ExtensionNotOffered, OutsideCareModel.
    """
    contract = await get_contract_to_change(
        session, reference, by=by, on=today, today=today, expect=expect, coordinated=True
    )
    refuse(contract.why_not_end(stated_at))
    connection = await raw(session)
    on = min(today, day_of(stated_at))
    options = (await leaving_on(session, contract, on)).terms.extensions
    used = await session.scalar(
        select(func.count()).select_from(ContractExtension).where(ContractExtension.contract_id == contract.id)
    )
    ends_on: date = await connection.fetchval(_ENDS, contract.id)
    number = used or 0
    refuse(why_not_extend(reference, options, number, ends_on, on=on))
    first, last_day = ends_on + ONE_DAY, end_of_extension(contract.starts_on, ends_on, options[number].months)
    if contract.care_model is not None:
        refuse(why_too_long(CareModel.model_validate(contract.care_model), contract.starts_on, last_day))
    extension = _extension(contract, command, Days(first, last_day + ONE_DAY), stated_at=stated_at, by=by)
    session.add(extension)
    contract.term_end = last_day
    contract.version += 1
    await session.flush()
    term = NewStatement(contract.id, FACET, Status.ACTIVE.value, Days(first, last_day + ONE_DAY), stated_at)
    await life.state(connection, [term], source="extension", by=by.subject)
    await _publish(session, contract, extension, on)
    return contract


async def _publish(session: AsyncSession, contract: Contract, extension: ContractExtension, on: date) -> None:
    """Publish that a contract runs longer, and how it may be left since the option was used."""
    first = extension.from_day
    await publish_variation(
        session,
        contract,
        first,
        last_day=extension.last_day,
        reason="extended",
        stated_at=extension.stated_at,
        amendment=extension.reference,
        decision=extension.authority,
        division=await left_then(session, contract, first),
    )
    await publish_terms(session, contract, max(on, contract.starts_on), stated_at=extension.stated_at)


def _extension(
    contract: Contract, command: ExtendContract, term: Days, *, stated_at: datetime, by: Caller
) -> ContractExtension:
    return ContractExtension(
        reference=f"X-{uuid.uuid4()}",
        contract_id=contract.id,
        from_day=term.start,
        last_day=term.end - ONE_DAY,
        authority=command.authority,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def why_not_extend(
    reference: str, options: tuple[ExtensionOption, ...], used: int, ends_on: date, *, on: date
) -> list[DomainError]:
    """Return the reason against the next extension: no option is left, or it had to be used earlier."""
    if used >= len(options):
        message = f"{reference} has {len(options)} options to extend, of which {used} are used"
        return [ExtensionNotOffered(message, reasons=[Reason(message)])]
    due = last_notice_day(ends_on, options[used].notice_months)
    if on <= due:
        return []
    message = f"{reference} ends on {ends_on}: the option had to be used by {due}"
    return [ExtensionNotOffered(message, reasons=[Reason(message)])]
