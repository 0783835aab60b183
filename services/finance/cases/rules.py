"""Says what an appraisal found: figures rounded once, ratios as decimals, bands and sentences. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from libs.common.money import nearest_penny
from libs.common.rulepacks import RulePack
from services.finance.appraisals.discounting import Schedule
from services.finance.appraisals.inputs import Inputs, Option, StoredSchedule, flows_of
from services.finance.appraisals.worth import Appraised
from services.finance.core.flows import over_baseline
from services.finance.core.lenses import Lens
from services.finance.core.shifts import CostShift, detect_shift

CONVENTIONS = (
    "Year 0 is the base year; what flows during a year carries that year's factor.",
    "Amounts are in prices of the base year; a real rate never meets a nominal amount.",
    "All one-off costs, termination payments included, stand in the denominator of a benefit-cost ratio.",
    "A recurrent cost below that of business as usual is a benefit, one above it a cost.",
    "Risks count beyond those of business as usual; sunk costs count nowhere.",
    "Components of an exit's price are taken as amounts in base-year prices, in the year in which they are due.",
    "Figures are rounded once, when they are shown.",
)


def decimal_text(value: Fraction, places: int = 3) -> str:
    """Return an exact number as a decimal with some places, half rounded up (away from zero)."""
    return str(Decimal(nearest_penny(value * 10**places)).scaleb(-places))


def ratio_text(ratio: Fraction | None) -> str | None:
    """Return a benefit-cost ratio with three decimals; None without costs."""
    return None if ratio is None else decimal_text(ratio)


def band_of(ratio: Fraction | None, pack: RulePack | None) -> str:
    """Return the band of value for money; empty without a ratio or a pack."""
    if ratio is None or pack is None:
        return ""
    bands = pack.values["bands"]
    return str(next(band["band"] for band in bands if "below" not in band or ratio < Fraction(str(band["below"]))))


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document in its canonical form: sorted keys, no white space."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def with_schedule(inputs: Inputs, schedule: Schedule, *, replaces_health: bool) -> Inputs:
    """Return the inputs under another discount schedule: what would be, were that pack in force."""
    stored = StoredSchedule.of(schedule)
    packs = inputs.packs | {"discounting-standard": schedule.pack}
    if not replaces_health:
        return inputs.model_copy(update={"standard": stored, "packs": packs})
    packs |= {"discounting-health": schedule.pack}
    return inputs.model_copy(update={"standard": stored, "health": stored, "packs": packs})


def preferred_of(appraised: Sequence[Appraised], stated: str | None) -> Appraised | None:
    """Return the option that the author prefers, else the one with the highest NPV."""
    if stated is not None:
        return next((each for each in appraised if each.option.option == stated), None)
    return max(appraised, key=lambda each: (each.measures.npv, each.option.option), default=None)


def shift_of(inputs: Inputs, option: Option, lens: Lens) -> CostShift:
    """Return who gains and who loses by an option over business as usual."""
    own, baseline = ([flow for _, flow in flows_of(inputs, each, with_metb=False)] for each in (option, inputs.bau))
    flows = over_baseline(own, baseline)
    return detect_shift(lens, flows)
