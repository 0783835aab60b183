"""NHS England's dated procedures for mergers: which are in force, and when an application can take effect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from libs.common.rulepacks import RulePack, in_force
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS


@dataclass(frozen=True, slots=True)
class Procedure:
    """A pack in force on a filing day, with the days that follow from it. None: the pack states no such window."""

    pack: RulePack
    earliest_effect: date | None
    """First day on which a merger filed on the day can take effect."""
    next_variation_window: date | None
    """The next day on which changes of constitution can be filed."""


def procedures_on(day: date, kind: Kind, *, packs: Iterable[RulePack] | None = None) -> list[Procedure]:
    """Return every procedure for commissioners of this kind that is in force on a filing day, the latest first."""
    found = in_force(PACKS if packs is None else packs, day, subject=f"{kind}-merger-procedure")
    return [Procedure(pack, _earliest_effect(pack, day), _next_window(pack, day)) for pack in found]


def factors_on(day: date, kind: Kind, *, packs: Iterable[RulePack] | None = None) -> list[RulePack]:
    """Return the packs that name the factors of an application on a day."""
    return in_force(PACKS if packs is None else packs, day, subject=f"{kind}-merger-factors")


def earliest_effect(procedures: Iterable[Procedure]) -> date | None:
    """Return the first day that every binding procedure with a window allows, None where none states one."""
    days = [
        one.earliest_effect for one in procedures if one.pack.weight == "binding" and one.earliest_effect is not None
    ]
    return max(days, default=None)


def _earliest_effect(pack: RulePack, filed_on: date) -> date | None:
    window = pack.values.get("merger_window")
    if window is None:
        return None
    deadline = _next(window["file_by"], filed_on)
    return _next(window["takes_effect"], deadline + timedelta(days=1))


def _next_window(pack: RulePack, day: date) -> date | None:
    return min((_next(window, day) for window in pack.values.get("variation_windows", ())), default=None)


def _next(month_and_day: str, day: date) -> date:
    """Return the first such day of a year (as `06-01`) on or after a day."""
    month, number = (int(part) for part in month_and_day.split("-"))
    this_year = date(day.year, month, number)
    return this_year if this_year >= day else date(day.year + 1, month, number)
