"""Publishes a register as it is today: its digest is recorded and published, its entries are read by everybody."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.governance import RegisterPublished
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.governance.core.acts import must_decide_for, new_act
from services.governance.core.codes import Command, Document, Note, OrganisationCode
from services.governance.registers.models import Register, RegisterPublication
from services.governance.registers.queries import get_register


class PublishRegister(Command):
    """Whose register is published, as everybody reads it today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"organisation": "14Y"}]})

    organisation: Annotated[OrganisationCode, Field(description="Whose register it is.")]
    note: Note = None
    document: Document = None


async def publish_register(
    session: AsyncSession,
    register: Register,
    command: PublishRegister,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> RegisterPublication:
    """Record the digest of a register's entries of today, and publish it. Raises NotYoursToDecide.

    Publishes RegisterPublished.
    """
    connection = await raw(session)
    await must_decide_for(connection, command.organisation, by=by, today=today)
    on = min(today, day_of(stated_at))
    found = await get_register(connection, register, command.organisation, as_at=on, as_known=stated_at)
    made = RegisterPublication(
        organisation=command.organisation,
        register_of=register,
        published_on=on,
        entries=len(found.entries),
        digest=found.digest,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(made)
    about = (command, "register published", register.value, on)
    session.add(new_act(*about, organisation=command.organisation, by=by, stated_at=stated_at))
    await session.flush()
    event = RegisterPublished(
        effective_on=on,
        stated_at=stated_at,
        organisation=command.organisation,
        register_of=register.value,
        entries=made.entries,
        digest=made.digest,
    )
    await outbox.add(session, event)
    return made
