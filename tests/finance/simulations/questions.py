"""Questions about golden 11 of the rules, with golden 24's distributions."""

from typing import Any

from services.finance.appraisals.inputs import Inputs
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.terms import SimulationTerms
from tests.finance.appraisals.golden import PENNY

LOW, MID, HIGH = 1_910_000, 2_515_000, 3_120_000


def normal(mean: int, sd: int) -> dict[str, str]:
    """A normal distribution, in pounds."""
    return {"distribution": "normal", "mean": str(mean * PENNY), "sd": str(sd * PENNY)}


def golden_24(*, one_off: str = "one-off", correlation: str | None = None) -> dict[str, Any]:
    """What is asked in golden 24, with both inputs normal."""
    stated: dict[str, Any] = {
        "inputs": [
            {"input": "saving", "distribution": normal(MID, 400_000)},
            {"input": one_off, "distribution": normal(4_000_000, 600_000)},
        ]
    }
    if correlation is not None:
        stated["correlations"] = [["1", correlation], [correlation, "1"]]
    return stated


def triangular_saving() -> dict[str, Any]:
    """What is asked in golden 24, with a triangular saving alone."""
    values = {"low": LOW, "mode": MID, "high": HIGH}
    distribution = {"distribution": "triangular"} | {name: str(value * PENNY) for name, value in values.items()}
    return {"inputs": [{"input": "saving", "distribution": distribution}]}


def a_job(inputs: Inputs, terms: dict[str, Any], **more: Any) -> SimulationJob:
    """What the process is asked of the option SHARED, through the organisation's lens."""
    return SimulationJob(
        case="SHARED-1",
        version=1,
        revision=1,
        inputs_digest="",
        inputs=inputs,
        option="SHARED",
        lens="organisation",
        terms=SimulationTerms.model_validate(terms),
        **more,
    )
