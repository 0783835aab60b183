"""States keys by which backlog is divided among footprints."""

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.common.text import visible
from services.finance.backlogs.models import ONE_FACET, keys
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.parties.errors import PartyUnknown
from services.finance.parties.queries import unknown_parties

MOST_WEIGHTS = 2_000

_INTRODUCE = """
INSERT INTO estate_key AS k (organisation, name, version) VALUES ($1, $2, 0)
    ON CONFLICT (organisation, name) DO UPDATE SET name = k.name
RETURNING id, version
"""
_KEEP = "INSERT INTO estate_key_content (digest, source, weights) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_COUNT = "UPDATE estate_key SET version = version + 1 WHERE id = $1 RETURNING version"


class EstateWeight(BaseModel):
    """The weight that a footprint has for an organisation: people, floor area, or any count."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(examples=["RX6"])]
    footprint: Annotated[Code, Field(examples=["QHM"])]
    weight: int = Field(strict=True, ge=0, le=10**12, examples=[3])


class StateEstateKey(BaseModel):
    """By which weights the backlog of organisations in several footprints is divided, from a day on."""

    model_config = ConfigDict(extra="forbid")

    effective_on: WrittenDay = Field(examples=["2017-04-01"])
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        description="Where the weights are from.", examples=["Catchment populations, 2016"]
    )
    weights: Annotated[tuple[EstateWeight, ...], Field(min_length=1, max_length=MOST_WEIGHTS)]

    _is_visible = field_validator("source")(visible)

    @field_validator("weights")
    @classmethod
    def _each_once(cls, weights: tuple[EstateWeight, ...]) -> tuple[EstateWeight, ...]:
        if len({(one.organisation, one.footprint) for one in weights}) < len(weights):
            raise ValueError("name each footprint of an organisation once")
        sums: dict[str, int] = {}
        for one in weights:
            sums[one.organisation] = sums.get(one.organisation, 0) + one.weight
        if empty := sorted(code for code, total in sums.items() if not total):
            raise ValueError(f"all weights of {', '.join(empty)} are 0")
        return tuple(sorted(weights, key=lambda one: (one.organisation, one.footprint)))


async def state_estate_key(
    session: AsyncSession,
    command: StateEstateKey,
    *,
    organisation: str,
    name: str,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> int:
    """State a key from a day on, and return its version; `expect` raises on one that was not read.

    Raises RoleMissing, NotYoursToDecide, and PartyUnknown where the organisation that states it is not known.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [organisation], today=today), by=by)
    refuse([_not_known(code) for code in await unknown_parties(connection, [organisation])])
    row = await connection.fetchrow(_INTRODUCE, organisation, name)
    assert row is not None
    expect(row["version"])
    weights = json.dumps([[one.organisation, one.footprint, one.weight] for one in command.weights])
    digest = hashlib.sha256(f"{command.source}\n{weights}".encode()).hexdigest()
    await connection.execute(_KEEP, digest, command.source, weights)
    statement = NewStatement(row["id"], ONE_FACET, digest, Days(command.effective_on), stated_at)
    stated = await keys.state(connection, [statement], source="command", by=by.subject)
    return int(await connection.fetchval(_COUNT, row["id"])) if stated.new else int(row["version"])


def _not_known(code: str) -> PartyUnknown:
    message = f"{code} is not known"
    return PartyUnknown(message, reasons=[Reason(message, "code")])
