"""Every refusal of the governance service, one line each."""

from collections.abc import Sequence

from libs.common.errors import Conflict, DomainError, NotFound, Reason


class PersonNotFound(NotFound):
    """There is no such person."""


class BodyNotFound(NotFound):
    """There is no such body, or none was known then."""


class PostNotFound(NotFound):
    """There is no such post, or none was known then."""


class AppointmentNotFound(NotFound):
    """There is no such appointment, or none was known then."""


class DecisionRightNotFound(NotFound):
    """There is no such decision right, or none was known then."""


class PersonExists(Conflict):
    """Another person bears this id."""


class BodyExists(Conflict):
    """The organisation has its governing body already."""


class PostExists(Conflict):
    """The body has this post already."""


class OrganisationNotOpen(Conflict):
    """The organisation is neither open nor proposed on a day on which it has to be."""


class BodyNotStanding(Conflict):
    """The body does not stand on every one of these days."""


class PostNotStanding(Conflict):
    """The post does not stand on every one of these days."""


class PostHeld(Conflict):
    """Somebody else holds the post on one of these days: a post has one holder a day."""


class NotInCatalogue(Conflict):
    """The title is in no catalogue of that day; say where the constitution describes the post."""


class AppointmentVoid(Conflict):
    """The appointment was overtaken before its first day; there is nothing to end."""


class EndsBeforeItBegins(Conflict):
    """The last day lies before the first."""


class RightNotStanding(Conflict):
    """The decision right stands on none of these days."""


class BeyondDelegation(Conflict):
    """Nobody passes on more than was delegated."""


class NotToBeRemade(Conflict):
    """This decision right is not waiting to be made again for that organisation."""


def refuse(found: Sequence[DomainError]) -> None:
    """Raise the first refusal with the reasons of all of them; return where there is none."""
    if not found:
        return
    reasons = [reason for error in found for reason in (error.reasons or (Reason(error.message),))]
    raise type(found[0])("; ".join(error.message for error in found), reasons=reasons)
