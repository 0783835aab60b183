"""States that a name under which payments are published is that of a body, on which days."""

from datetime import date, datetime, timedelta
from typing import Annotated

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, NotYoursToDecide
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from libs.common.text import visible
from libs.organisations.statements import Facet
from services.contracts.core.codes import Day, OdsCode
from services.contracts.core.models import known
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
# The bodies whose name $1 is on a day from $2 to before $3: by an alias or in the registry.
_NAMED = f"""
SELECT b.value AS code FROM name_alias n JOIN name_alias_belief b ON b.subject_id = n.id
 WHERE n.name = $1 AND {as_known("b", NOW)} AND (b.valid && daterange($2, $3)) IS TRUE
 UNION
SELECT o.code FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE {about("b", Facet.NAME)} AND {as_known("b", NOW)} AND (b.valid && daterange($2, $3)) IS TRUE
   AND regexp_replace(upper(b.value), '\\s+', ' ', 'g') = $1
"""  # noqa: S608  (what is put in is ours)
# Until when name $1 is that of $2 without a break from before $3 on; null: until further notice.
_RUNS_UNTIL = f"""
SELECT upper(b.valid) AS stop FROM name_alias_belief b
 WHERE b.subject_id = $1 AND b.value = $2 AND {as_known("b", NOW)}
   AND (b.valid @> daterange($3::date - 1, $3::date + 1)) IS TRUE
"""  # noqa: S608  (what is put in is ours)
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

    A last day ends the name, though it was stated for longer. Only a national body gives a body a name that it has not
    yet, in the registry or by an alias. Publishes SpendRecorded for each total that changes: payments are resolved
    anew, whenever they were imported.
    """
    connection = await raw(session)
    source = await source_of(connection, command.code, by=by, today=today)
    if command.last_day is not None and command.last_day < command.effective_on:
        message = f"{command.last_day} lies before {command.effective_on}"
        raise AliasPeriodAmiss(message, reasons=[Reason(message, "last_day")])
    await lock_payments(connection)
    key, until = name_key(command.name), command.last_day and command.last_day + _A_DAY
    await _must_be_free(connection, key, command, until, by=by)
    subject: int = await connection.fetchval(_INTRODUCE, key)
    days = Days(command.effective_on, until or LAST_DAY)
    statements = [NewStatement(subject, CODE, command.code, days, stated_at)]
    if until is not None:
        longer = await connection.fetch(_RUNS_UNTIL, subject, command.code, until)
        ends = [Days(until, row["stop"] or LAST_DAY) for row in longer]
        statements += [NewStatement(subject, CODE, None, days_without, stated_at) for days_without in ends]
    await aliases.state(connection, statements, source=source, by=by.subject)
    affected = {row["code"] for row in await connection.fetch(_AFFECTED, subject, key)}
    await publish_changes(session, affected, stated_at=stated_at)
    await infer_contracts(session, affected, today=today, stated_at=stated_at)


async def _must_be_free(
    connection: asyncpg.Connection, key: str, command: StateAlias, until: date | None, *, by: Caller
) -> None:
    """A body states by itself only the name that it has already, in the registry or by an alias.

    Any other, such as a private supplier's, which no other body of the registry has either, is for a national body to
    state; and so is that a name of a body, for which the caller does not act, is another's.
    """
    rows = await connection.fetch(_NAMED, key, command.effective_on, until)
    bearers = {row["code"] for row in rows}
    if command.code not in bearers and not by.is_national:
        theirs = f"the name of {', '.join(sorted(bearers))}" if bearers else "no name that the registry has"
        raise NotYoursToDecide(
            f"{key} is on these days {theirs}: that it is one of {command.code} is for a national body to state, and "
            f"the token acts for {', '.join(sorted(by.organisations))}"
        )
    others = bearers - {command.code}
    if others and not by.acts_for(others, predecessors=await known.predecessors(connection, by.organisations)):
        raise NotYoursToDecide(
            f"{key} is on some of these days the name of {', '.join(sorted(others))}: that it is another's is for a "
            f"national body to state, and the token acts for {', '.join(sorted(by.organisations))}"
        )
