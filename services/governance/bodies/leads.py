"""For whom an organisation exercises functions as lead commissioner, and the body to which a party grants them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.identity import Caller, Role
from libs.common.temporal.believed import about, holds
from services.governance.bodies.organisations import organisation_of
from services.governance.core.acts import must_decide_for
from services.governance.core.chains import covers
from services.governance.core.errors import BodyNotFound
from services.governance.core.members import lives_on, living_in, members_in
from services.governance.core.models import Body, Facet, known

_NOW = datetime.max.replace(tzinfo=UTC)
_LEADS = f"""
SELECT i.reference, i.pack, i.agreement, i.functions, m.value AS parties,
       least(upper(s.valid), upper(m.valid)) - 1 AS last_day
  FROM instrument i
  JOIN instrument_time_belief s ON s.subject_id = i.id AND {about("s", Facet.STANDS)} AND {holds("s")}
  JOIN instrument_time_belief m ON m.subject_id = i.id AND {about("m", Facet.MEMBERS)} AND {holds("m")}
 WHERE i.kind = 'lead_commissioner' AND i.host = ANY($3)
 ORDER BY i.reference
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Leading:
    """An instrument under which an organisation exercises functions of others on a day: of its other `parties`.

    `last_day` is the last one on which it stands with these parties, None where it has none.
    """

    instrument: str
    pack: str
    agreement: str
    functions: tuple[str, ...]
    parties: tuple[str, ...]
    last_day: date | None

    def is_for(self, action: str) -> bool:
        """Whether an action is among its functions; all are where it names none."""
        return not self.functions or any(covers(one, action) for one in self.functions)


async def list_leading(
    db: Reads, organisation: str, action: str, *, on: date, as_known: datetime | None = None
) -> list[Leading]:
    """Return the instruments by which an organisation leads on an action on a day, each party as it lives on."""
    hosts = await living_in(db, [organisation], on=on, as_known=as_known)
    rows = await db.fetch(_LEADS, on, as_known or _NOW, hosts)
    there = await lives_on(db, {code for row in rows for code in members_in(row["parties"])}, on=on, as_known=as_known)
    found = [
        Leading(
            row["reference"],
            row["pack"],
            row["agreement"],
            tuple(row["functions"]),
            tuple(sorted({there[code] for code in members_in(row["parties"])} - {organisation})),
            row["last_day"],
        )
        for row in rows
    ]
    return [one for one in found if one.is_for(action)]


async def get_lead_body(session: AsyncSession, reference: str, organisation: str, *, by: Caller, today: date) -> Body:
    """Lock a body of another organisation, for a caller that may decide for the one that grants to it.

    Raises BodyNotFound, RoleMissing, NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    await must_decide_for(connection, organisation, by=by, today=today)
    await known.lock(connection, sorted({organisation, organisation_of(reference)}))
    await must_decide_for(connection, organisation, by=by, today=today)
    found = select(Body).where(Body.reference == reference).with_for_update()
    body = await session.scalar(found, execution_options={"populate_existing": True})
    if body is None:
        raise BodyNotFound(f"no body {reference} is known")
    return body
