"""Refusals about levels of co-commissioning."""

from libs.common.errors import Conflict


class LevelNotKnown(Conflict):
    """There is no such level of co-commissioning for this organisation on that day.

    Levels are of CCGs, from 1 April 2015. `detail` says what the rule pack of the day has.
    """


class FunctionNotDelegated(Conflict):
    """The function is none that a level of co-commissioning delegates.

    `detail` names it and the rule pack; what the pack lists, and anything more particular, can be stated.
    """
