"""Who reads what: the register is open to every signed-in caller, and what is written for parties is theirs alone.

Open are organisations, their links and lineage, successions, mergers and care models as they are planned and happen,
who applied for what, the outcome, and every event of the registry. For its parties alone are the content of an
application and its judgements, the words of conditions, of evidence and of care models, and who recorded a statement. A
party is a body that the answer names, on the day and by the instant that it is asked for: who left reads what was known
while it took part. A watch list is its owner's.
"""

from dataclasses import dataclass

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.registry.core.models import successions


@dataclass(frozen=True, slots=True)
class Sight:
    """The bodies whose words a caller reads: its own and their predecessors; None for every body."""

    codes: frozenset[str] | None

    def sees(self, *parties: str) -> bool:
        """Whether the caller reads what is written for these parties: it acts for one of them."""
        return self.codes is None or not self.codes.isdisjoint(parties)


EVERYTHING = Sight(None)


async def sight_of(db: Reads, by: Caller) -> Sight:
    """Return what the caller reads."""
    if by.is_national:
        return EVERYTHING
    return Sight(by.organisations | await successions.predecessors(db, by.organisations))
