"""Reads from what was stated of transfer schemes since when what each of them moves waits."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar


class SchemeStatement(Protocol):
    """What was stated of a scheme: that what it moves waits from a day on, or continues."""

    @property
    def suspended(self) -> bool:
        """Whether it waits; else it continues."""

    @property
    def effective_on(self) -> date:
        """The day from which it does."""

    @property
    def stated_at(self) -> datetime:
        """When it was stated."""


_Stated = TypeVar("_Stated", bound=SchemeStatement)


def changes_of(stated: Iterable[_Stated]) -> list[_Stated]:
    """Return the statements of one scheme that change whether it waits, in order of their days.

    Of two suspensions in a row the first alone does; a repetition, and the order of arrival, change nothing.
    """
    changes: list[_Stated] = []
    for one in sorted(stated, key=lambda one: (one.effective_on, one.stated_at, one.suspended)):
        if one.suspended != bool(changes and changes[-1].suspended):
            changes.append(one)
    return changes


def suspension_in_force(
    stated: Iterable[_Stated], *, as_at: date | None = None, as_known: datetime | None = None
) -> _Stated | None:
    """Return the suspension of one scheme that is in force on a day, as known at an instant; None where it is not.

    Without a day or an instant, the latest counts.
    """
    changes = changes_of(
        one
        for one in stated
        if (as_at is None or one.effective_on <= as_at) and (as_known is None or one.stated_at <= as_known)
    )
    return changes[-1] if changes and changes[-1].suspended else None
