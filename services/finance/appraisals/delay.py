"""What a delay costs: the same option later, on a fixed horizon (years are lost) and on a rolling one (none are)."""

from dataclasses import dataclass
from fractions import Fraction

from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.sensitivity import measured
from services.finance.appraisals.worth import Appraised, Measures

MONTHS = 12


@dataclass(frozen=True, slots=True)
class CostOfDelay:
    """What a year of waiting costs, exact pence; negative where waiting is a gain."""

    delayed: Measures
    fixed: Fraction
    rolling: Fraction

    @property
    def fixed_month(self) -> Fraction:
        """A month's part on a fixed horizon: the headline."""
        return self.fixed / MONTHS

    @property
    def rolling_month(self) -> Fraction:
        """A month's part on a rolling horizon."""
        return self.rolling / MONTHS


def cost_of_delay(inputs: Inputs, appraised: Appraised) -> CostOfDelay:
    """Return what it costs to begin an option a year later."""
    delayed = measured(inputs, appraised.increments.delayed(1))
    later = measured(inputs, appraised.increments.longer(1).delayed(1))
    npv = appraised.measures.npv
    return CostOfDelay(delayed, npv - delayed.npv, npv - later.npv)
