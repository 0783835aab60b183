"""The rows of a crosswalk between two days, whatever they were computed from."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.common.temporal.history import ALWAYS
from services.registry.crosswalks.views import Basis, Finding, MovedView, Outcome


@dataclass(frozen=True, slots=True)
class DayPair:
    """The two days of a crosswalk, as known at an instant. Either can be the earlier one."""

    start: date
    end: date
    as_known: datetime | None = None

    @property
    def known(self) -> datetime:
        """The instant as known at which to read."""
        return self.as_known or ALWAYS

    @property
    def forwards(self) -> bool:
        """Whether the second day is the later one."""
        return self.start <= self.end


@dataclass(frozen=True, slots=True)
class Row:
    """A mapping of the body `code` of one day, by `share` of it, to the body `to_code` of the other.

    `share_of_to` is the share of the other body that comes from it; None: no source states it. `to_code` None: it
    cannot be mapped, and `reason` gives the reason.
    """

    code: str
    to_code: str | None
    share: Fraction | None
    share_of_to: Fraction | None
    reason: Outcome
    because: str
    findings: tuple[Finding, ...] = ()
    """What sources say beside it that does not fit."""
    moved: tuple[MovedView, ...] = ()
    """Practices that left or joined it, and no succession says so."""
    by: Basis = Basis.SUCCESSIONS
