"""Refusals of recommendations."""

from libs.common.errors import Conflict, NotFound


class RecommendationNotFound(NotFound):
    """There is no such recommendation.

    No recommendation has this id, or it does not concern your organisations, or none was known at the instant.
    """


class NotAFootprint(Conflict):
    """The organisation is no footprint.

    Sustainability and transformation partnerships, and the systems that followed them, recommend. A body that may
    decide itself makes a proposal.
    """


class NotAddressed(Conflict):
    """The recommendation is not addressed to this body.

    `GET /recommendations/{recommendation}` lists the bodies that it asks.
    """


class AlreadyAnswered(Conflict):
    """The body has answered the recommendation already.

    A body answers once; a successor answers for one that was abolished without an answer.
    """


class NotItsDecision(Conflict):
    """The decision is none of this body's on what was recommended.

    `detail` says what it is: unknown on the day of the answer, reversed, of another body, or on another action. Leave
    `decision` out where the body's decision is not recorded here.
    """
