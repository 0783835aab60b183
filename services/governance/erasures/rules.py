"""How long the record of a person is kept, by a rule pack."""

from dataclasses import dataclass
from datetime import date

from libs.common.rulepacks import in_force
from libs.common.temporal.months import after_months
from services.governance.core.catalogue import PACKS


@dataclass(frozen=True, slots=True)
class Keeping:
    """The last day on which a record has to be kept, and the rule pack that says so."""

    kept_until: date
    pack: str

    def may_be_erased_on(self, day: date) -> bool:
        """Whether the record may be erased on a day: from the day after the last on which it has to be kept."""
        return day > self.kept_until


def keeping_after(last_day: date) -> Keeping | None:
    """Return how long a person is kept who last acted on a day; None where no rule pack is in force on it.

    The corresponding day, clamped to the end of a shorter month, is the last one.
    """
    packs = in_force(PACKS, last_day, subject="people-kept")
    if not packs:
        return None
    return Keeping(after_months(last_day, 12 * packs[0].values["kept_years"]), packs[0].id)
