"""Refusals about contracts for new care models."""

from libs.common.errors import Conflict


class OutsideCareModel(Conflict):
    """The contract goes beyond the scope or the longest term of its care model.

    `reasons` names each line, term and other contract that the rule pack of the contract's first day does not allow:
    see `care-model-contracts` in `GET /rule-packs`.
    """
