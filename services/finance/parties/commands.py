"""Names sets of parties, through which figures can be read as through the lenses that are there anyway."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.parties.errors import PartyUnknown
from services.finance.parties.models import ONE_FACET, members
from services.finance.parties.queries import unknown_parties

MOST_MEMBERS = 500

_INTRODUCE = """
INSERT INTO lens AS l (organisation, name, version) VALUES ($1, $2, 0)
    ON CONFLICT (organisation, name) DO UPDATE SET name = l.name
RETURNING id, version
"""
_COUNT = "UPDATE lens SET version = version + 1 WHERE id = $1 RETURNING version"


class NameLens(BaseModel):
    """The parties of a set, from a day on."""

    model_config = ConfigDict(extra="forbid")

    effective_on: WrittenDay = Field(examples=["2017-04-01"])
    members: Annotated[
        tuple[Code, ...],
        Field(
            min_length=1,
            max_length=MOST_MEMBERS,
            description="Codes of organisations and suppliers, each once: the whole set from that day on.",
            examples=[["06H", "0CX"]],
        ),
    ]

    @field_validator("members")
    @classmethod
    def _each_once(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(codes)) < len(codes):
            raise ValueError("name each party once")
        return tuple(sorted(codes))


async def name_lens(
    session: AsyncSession,
    command: NameLens,
    *,
    organisation: str,
    name: str,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> int:
    """State who belongs to a set from a day on, and return its version; `expect` raises on one that was not read.

    Raises NotYoursToDecide, and PartyUnknown with every code that is not known.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [organisation], today=today), by=by)
    unknown = await unknown_parties(connection, [organisation, *command.members])
    refuse([_not_known(code, organisation) for code in unknown])
    row = await connection.fetchrow(_INTRODUCE, organisation, name)
    assert row is not None
    expect(row["version"])
    statement = NewStatement(row["id"], ONE_FACET, ",".join(command.members), Days(command.effective_on), stated_at)
    stated = await members.state(connection, [statement], source="command", by=by.subject)
    if not stated.new:
        return int(row["version"])
    return int(await connection.fetchval(_COUNT, row["id"]))


def _not_known(code: str, organisation: str) -> PartyUnknown:
    message = f"{code} is not known"
    return PartyUnknown(message, reasons=[Reason(message, "code" if code == organisation else "members")])
