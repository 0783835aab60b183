"""Refusals about the market."""

from libs.common.errors import Conflict, NotFound


class CriterionUnknown(Conflict):
    """The rule pack of the day has no such criterion.

    `reasons` names each one. `GET /rule-packs` lists the criteria: of assessments those of the subject
    `supplier-assessment`, of offers those of `minimum-standard`.
    """


class CriterionUnassessed(Conflict):
    """A criterion of the assessment has no result.

    Every supplier is assessed by all criteria of the pack. `reasons` names each one that is left: add it.
    """


class LastDayAmiss(Conflict):
    """The last day of service does not go with the outcome.

    An assessment that ends in a stop names the last day on which the supplier serves, not before the day of the
    assessment; any other outcome names none.
    """


class AssessmentNotFound(NotFound):
    """No assessment of this supplier is known by that day.

    It was not assessed, or not as known at that instant.
    """


class OfferNotFound(NotFound):
    """No offer of this supplier is known on that day.

    It has stated none, or not as known at that instant.
    """
