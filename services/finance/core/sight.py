"""Decides who reads which figures: a body's allowance, population and charges, and what it released to a successor."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.finance.core.models import known


@dataclass(frozen=True, slots=True)
class Sight:
    """The bodies whose figures a caller reads: its own and those that they succeeded; None for a national body: all.

    So a successor reads what its predecessors had, and a predecessor nothing of its successor, nor of the others that
    it merged with.
    """

    codes: frozenset[str] | None

    def sees(self, code: str) -> bool:
        """Whether the caller reads the figures of a body."""
        return self.codes is None or code in self.codes

    def among(self, codes: Collection[str] | None) -> Sequence[str] | None:
        """Return of these bodies (None: of all) those whose figures the caller reads; None means all."""
        if codes is None:
            return None if self.codes is None else sorted(self.codes)
        return sorted(code for code in codes if self.sees(code))


async def own_sight_of(db: Reads, by: Caller) -> Sight:
    """Return which figures the caller reads of those that only their own organisation reads: a national body none."""
    return Sight(by.organisations | await known.predecessors(db, by.organisations))


async def sight_of(db: Reads, by: Caller) -> Sight:
    """Return which figures the caller reads."""
    if by.is_national:
        return Sight(None)
    return await own_sight_of(db, by)
