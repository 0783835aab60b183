"""Decides from when an act of a party counts: from the day on which it is recorded, whatever its paper says."""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.contracts.core.errors import DocumentMissing


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """A signature or a notice: its own day, the day on which it was recorded, and the paper that shows it."""

    day: date
    recorded_on: date
    document: str | None = None
    is_loaded: bool = False

    @property
    def counts_from(self) -> date:
        """The day from which periods run: a window that had passed when it was recorded stays passed.

        A loader states what its source knew at that instant: there the paper's own day counts.
        """
        return self.day if self.is_loaded else max(self.day, self.recorded_on)

    def why_not_documented(self, field: str) -> list[DomainError]:
        """Return the refusal of an act of an earlier day that no document shows."""
        if self.day >= self.recorded_on or self.document is not None:
            return []
        message = f"{field} {self.day} lies before {self.recorded_on}, on which it is recorded: name its document"
        return [DocumentMissing(message, reasons=[Reason(message, "document")])]


def act_of(day: date | None, document: str | None, *, by: Caller, today: date, stated_at: datetime) -> RecordedAct:
    """Return an act of this day, by default of the day on which it is stated."""
    recorded_on = min(today, day_of(stated_at))
    is_loaded = recorded_on < today and by.has(Role.LOADER)
    return RecordedAct(day or recorded_on, recorded_on, document, is_loaded)
