"""What the process of a simulation is asked: one line of JSON on its standard input."""

from pydantic import BaseModel, ConfigDict

from services.finance.appraisals.inputs import Inputs
from services.finance.simulations.terms import SimulationTerms

WORKER = "services.finance.simulations.monte_carlo.worker"
"""The module that `python -m` starts."""


class SimulationJob(BaseModel):
    """A version's inputs, whole, with the question; `option` and `lens` are those that it comes to.

    `elasticity` is that of the pack of distributional weights `weights_pack`; empty without weights.
    """

    model_config = ConfigDict(frozen=True)

    case: str
    version: int
    revision: int
    inputs_digest: str
    inputs: Inputs
    option: str
    lens: str
    terms: SimulationTerms
    elasticity: str = ""
    weights_pack: str = ""
