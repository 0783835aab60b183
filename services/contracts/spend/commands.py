"""States that a name under which payments are published is that of a body, by that body itself or by NHS England."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from libs.common.text import visible
from services.contracts.core.codes import Day, OdsCode
from services.contracts.spend.errors import AliasPeriodAmiss
from services.contracts.spend.inferences import infer_contracts
from services.contracts.spend.models import CODE, aliases
from services.contracts.spend.rules import name_key
from services.contracts.spend.totals import lock_payments, publish_changes
from services.contracts.suppliers.recording import source_of

_A_DAY = timedelta(days=1)
MOST_NAME = 300

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_NAME),
    AfterValidator(visible),
    Field(description="As published; capitals and the number of spaces make no difference.", examples=["NHS NEL CSU"]),
]

_INTRODUCE = """
INSERT INTO name_alias (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name RETURNING id
"""
# Every supplier whose totals may change: those that the name means or meant, and those that payers of the name paid.
_AFFECTED = """
SELECT value AS code FROM name_alias_statement WHERE subject_id = $1 AND value IS NOT NULL
 UNION
SELECT b.value FROM published_payment p JOIN name_alias n ON n.name = p.supplier_key
  JOIN name_alias_belief b ON b.subject_id = n.id AND b.valid @> p.paid_on AND upper_inf(b.known)
 WHERE p.payer_code IS NULL AND p.payer_key = $2
"""


class StateAlias(BaseModel):
    """Whose name it is, from a day on."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    code: OdsCode = Field(description="The body that has the name.", examples=["0DJ"])
    effective_on: Day
    last_day: Day | None = Field(default=None, description="The last day of the name; null: until further notice.")


async def state_alias(
    session: AsyncSession, command: StateAlias, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State whose name it is; a later statement supersedes an earlier one on its days. Raises NotYoursToDecide.

    Publishes SpendRecorded for each total that changes: payments are resolved anew, whenever they were imported.
    """
    connection = await raw(session)
    source = await source_of(connection, command.code, by=by, today=today)
    if command.last_day is not None and command.last_day < command.effective_on:
        message = f"{command.last_day} lies before {command.effective_on}"
        raise AliasPeriodAmiss(message, reasons=[Reason(message, "last_day")])
    await lock_payments(connection)
    key = name_key(command.name)
    subject: int = await connection.fetchval(_INTRODUCE, key)
    until = LAST_DAY if command.last_day is None else command.last_day + _A_DAY
    statement = NewStatement(subject, CODE, command.code, Days(command.effective_on, until), stated_at)
    await aliases.state(connection, [statement], source=source, by=by.subject)
    affected = {row["code"] for row in await connection.fetch(_AFFECTED, subject, key)}
    await publish_changes(session, affected, stated_at=stated_at)
    await infer_contracts(session, affected, today=today, stated_at=stated_at)
