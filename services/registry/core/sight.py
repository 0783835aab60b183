"""Who reads what: the register is open to every signed-in caller, and what is written for parties is theirs alone.

Open are organisations, their links and lineage, successions, mergers and care models as they are planned and happen,
who applied for what, the outcome, and every event of the registry but those about findings. For its parties alone are
findings, the content of an application and its judgements, the words of conditions, of evidence and of care models, and
who recorded a statement. A party is a body that the answer names, on the day and by the instant that it is asked for:
who left reads what was known while it took part, and the account of a body that has ended reads what was written up to
its end. A watch list is its owner's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.process.clock import start_of
from libs.common.temporal.believed import NOW, about, as_known
from libs.organisations.statements import Facet
from services.registry.core.models import successions, timeline

_CLOSED_FROM = f"""
SELECT o.code, min(lower(b.valid)) AS day
  FROM organisation o JOIN {timeline.beliefs} b ON b.subject_id = o.id
 WHERE o.code = ANY($1) AND {about("b", Facet.LIFE)} AND b.value = 'closed' AND {as_known("b", NOW)}
   AND upper_inf(b.valid)
 GROUP BY o.code
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Sight:
    """The bodies whose words a caller reads, each with its first day closed, if there is one; None for every body."""

    closed_from: Mapping[str, date | None] | None

    def sees(self, *parties: str, stated_at: datetime | None = None) -> bool:
        """Whether the caller acts for one of these parties, and that one had not ended at the instant."""
        if self.closed_from is None:
            return True
        ends = [self.closed_from[code] for code in parties if code in self.closed_from]
        return any(day is None or stated_at is None or stated_at < start_of(day) for day in ends)


EVERYTHING = Sight(None)


async def sight_of(db: Reads, by: Caller) -> Sight:
    """Return what the caller reads: the words for its organisations and their predecessors, up to the caller's end."""
    if by.is_national:
        return EVERYTHING
    closed = {row["code"]: row["day"] for row in await db.fetch(_CLOSED_FROM, [*by.organisations])}
    living = by.organisations - closed.keys()
    before = await successions.predecessors(db, living)
    if ended := closed.keys() - before:
        last = max(closed[code] for code in ended)
        closed = dict.fromkeys(await successions.predecessors(db, ended), last) | closed
    return Sight(closed | dict.fromkeys(living | before))
