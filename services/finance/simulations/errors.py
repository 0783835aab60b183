"""Why a simulation is refused, or not found."""

from libs.common.errors import Conflict, NotFound


class SimulationNotFound(NotFound):
    """No simulation of this reference is known of this version.

    It does not exist, was requested later than the instant asked for, or is of a draft, which its author's organisation
    alone reads.
    """


class SimulationUnsound(Conflict):
    """What is asked of the simulation does not fit the case, or contradicts itself.

    `reasons` names each input, distribution, correlation and weight that does not fit, and why. Correct the request.
    """
