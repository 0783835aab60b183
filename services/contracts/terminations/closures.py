"""Closes the file of a contract that has ended: nothing more is expected of it."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.contracts.agreements.commands import get_contract_to_change
from services.contracts.core.codes import Text
from services.contracts.core.models import Contract
from services.contracts.core.rights import Expect
from services.contracts.exits.models import ContractClosure
from services.contracts.terminations.errors import AlreadyClosed, StillRunning


class CloseContract(BaseModel):
    """The closure of a contract's file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"note": "Data were returned"}]})

    note: Text | None = Field(default=None, description="What was checked; only the parties read it.")


async def close_contract(
    session: AsyncSession,
    reference: str,
    command: CloseContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Close a contract that has ended, for all its customers. Raises StillRunning, AlreadyClosed."""
    contract = await get_contract_to_change(
        session, reference, by=by, on=today, today=today, expect=expect, coordinated=True
    )
    day = min(today, day_of(stated_at))
    if contract.signed_on is None or day <= contract.ends_on:
        message = f"{reference} has not ended by {day}"
        raise StillRunning(message, reasons=[Reason(message)])
    if await session.scalar(select(ContractClosure).where(ContractClosure.contract_id == contract.id)):
        raise AlreadyClosed(f"{reference} is closed")
    session.add(
        ContractClosure(
            contract_id=contract.id, closed_on=day, note=command.note, stated_at=stated_at, recorded_by=by.subject
        )
    )
    contract.version += 1
    await session.flush()
    return contract
