"""Finance's rule packs, read once at the start."""

from datetime import date, datetime
from pathlib import Path

from libs.common.rulepacks import RulePack, in_force, load_packs
from services.finance.core.errors import NoPackInForce

PACKS = load_packs(Path(__file__).parents[1] / "rules")


def pack_on(day: date, *, subject: str, as_known: datetime | None = None) -> RulePack:
    """Return the pack on a subject that is in force on a day, as known at an instant (None: now).

    Raises NoPackInForce where there is none.
    """
    packs = in_force(PACKS, day, subject=subject, as_known=as_known)
    if not packs:
        raise NoPackInForce(f"no rule pack on {subject} is in force on {day}")
    return packs[0]
