"""Reads the powers in law from which rights to decide come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from libs.common.rulepacks import RulePack, in_force
from services.governance.core.catalogue import PACKS, packs_about
from services.governance.core.chains import PowerFor, covers
from services.governance.core.members import JOINT_WITH_NHS_ENGLAND

SUBJECT = "power"


@dataclass(frozen=True, slots=True)
class Power:
    """A power of the law, by the id of its rule pack."""

    id: str
    title: str
    citation: str
    note: str = ""


def power_for(
    kind: str,
    day: date,
    *,
    as_known: datetime | None = None,
    level: int | None = None,
    functions: Collection[str] | None = None,
    partly: bool = False,
) -> PowerFor:
    """Return which power of a kind of organisation covers an action on a day: the one of this id, or else any.

    The id is empty where none is named. None where no power covers it then. `level` is the organisation's level of
    co-commissioning: some powers come with a level alone, for its `functions` and no others (None: for any). `partly`:
    for an action too of which those are a part.
    """
    packs = [pack for pack in _packs(kind, day, as_known) if level in pack.values.get("levels", (level,))]

    def find(action: str, named: str) -> str | None:
        fitting = [pack for pack in packs if named in {"", pack.id} and _is_for(pack, action)]
        whole = [pack.id for pack in fitting if _comes_with_level(pack, action, functions, partly=partly)]
        return whole[0] if whole else None

    return find


def _comes_with_level(pack: RulePack, action: str, functions: Collection[str] | None, *, partly: bool) -> bool:
    """Whether a power that comes with a level does so for an action, which may be one that is exercised jointly."""
    if functions is None or "levels" not in pack.values:
        return True
    own = action.removeprefix(f"{JOINT_WITH_NHS_ENGLAND}.")
    return any(covers(one, own) or (partly and covers(own, one)) for one in functions)


def _is_for(pack: RulePack, action: str) -> bool:
    listed = pack.values.get("actions")
    fits = listed is None or any(covers(one, action) for one in listed)
    return fits and not any(covers(one, action) for one in pack.values.get("except", ()))


def powers_of(kind: str, day: date) -> list[Power]:
    """Return the powers of a kind of organisation on a day, the latest to begin first."""
    return [Power(pack.id, pack.title, pack.citation, pack.note) for pack in _packs(kind, day, None)]


@lru_cache(maxsize=1_000)
def _packs(kind: str, day: date, as_known: datetime | None) -> tuple[RulePack, ...]:
    found = in_force(packs_about(SUBJECT), day, subject=SUBJECT, as_known=as_known)
    return tuple(pack for pack in found if kind in pack.values["kinds"])


def power(pack_id: str) -> Power:
    """Return a power by its id. Raises StopIteration where there is none."""
    pack = next(pack for pack in PACKS if pack.id == pack_id)
    return Power(pack.id, pack.title, pack.citation, pack.note)


def conditions_on(day: date) -> dict[str, str]:
    """Return the conditions that a right of a day may have, code to title."""
    packs = in_force(PACKS, day, subject="decision-rights")
    return {one["code"]: one["title"] for pack in packs for one in pack.values["conditions"]}
