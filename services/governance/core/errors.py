"""Refusals of the governance service."""

from collections.abc import Sequence

from libs.common.errors import Conflict, DomainError, NotFound, Reason


class PersonNotFound(NotFound):
    """There is no such person.

    No person has this id, or you may not read the name: your organisation neither keeps the person's record nor has, or
    had, the person in a post. To appoint, record the person first.
    """


class BodyNotFound(NotFound):
    """There is no such body.

    No governing body or committee has this reference, or none was known at the instant asked for.
    """


class PostNotFound(NotFound):
    """There is no such post.

    No body has a post with this reference, or none was known at the instant asked for.
    """


class AppointmentNotFound(NotFound):
    """There is no such appointment.

    No appointment has this id, or none was known at the instant asked for.
    """


class DecisionRightNotFound(NotFound):
    """There is no such decision right.

    No decision right has this id, or none was known at the instant asked for.
    """


class BodyExists(Conflict):
    """The organisation has this body already.

    An organisation has one body that leads it, and one committee of a title. Add posts to the one that `detail` names.
    """


class PostExists(Conflict):
    """The body has its one post of this title already.

    The rule pack lists titles of which a body has one post, such as the chair. Appoint to the post that is there, or
    give the new one another title.
    """


class OrganisationNotOpen(Conflict):
    """The organisation is neither open nor proposed when it has to be.

    The registry does not show it as open or proposed on the first or last day named. Check the code and the days.
    """


class TermsNotFound(NotFound):
    """No terms of reference are known for the body on this day.

    A body has them from the first day that `PUT /bodies/{body}/terms-of-reference` named; a body that began with a
    merger needs its own.
    """


class RoleWithoutSeat(Conflict):
    """No seat of the body has this role.

    A quorum that needs it could never be reached. Add a post with the role first, or correct the role's name.
    """


class BodyLeads(Conflict):
    """The body leads its organisation, and ends with it.

    Only a committee, a panel or a joint body can be dissolved by a command. The registry tells when an organisation
    closes.
    """


class BodyNotStanding(Conflict):
    """The body does not exist on all of these days.

    It was established later or dissolved earlier. Choose days within its life.
    """


class PostNotStanding(Conflict):
    """The post does not exist on all of these days.

    It was created later or abolished earlier. Choose days within its life.
    """


class PostHeld(Conflict):
    """Another person holds the post on one of these days.

    A post has one holder a day. End the other appointment first, or choose other days.
    """


class NotInCatalogue(Conflict):
    """The title is in no catalogue of that day.

    Use a title of the catalogue, or name in `described_in` where the constitution describes the post.
    """


class DocumentMissing(Conflict):
    """An act of an earlier day needs its document.

    An appointment, an establishment, a grant or an ending is known from now on. Name in `document` the minute or other
    paper that shows what was done before, or choose a day from today on.
    """


class ReasonNotListed(Conflict):
    """The reason is not one of the listed codes.

    Everybody reads why a post fell vacant, so the reason is a code of a rule pack. `detail` lists those of the day;
    words of your own belong to `note`, which your organisation alone reads.
    """


class AppointmentVoid(Conflict):
    """The appointment was overtaken before its first day.

    The person never held the post, so there is nothing to end.
    """


class EndsBeforeItBegins(Conflict):
    """The last day lies before the first.

    `detail` names the first day. Choose a last day from then on.
    """


class RightNotStanding(Conflict):
    """The decision right is in force on none of these days.

    It ended before the last day named. Read it for its days.
    """


class BeyondDelegation(Conflict):
    """A delegate cannot pass on more than was delegated.

    The function, scope, value limit, conditions, recurrence or days go beyond the right that is passed on, or its post
    is vacant (`delegated_from`). `reasons` names each field and what would mend it.
    """


class NotAMember(Conflict):
    """The organisation is no member of the joint body on these days.

    Only a member has a seat in a joint body, or delegates to it. `GET /bodies/{body}` lists the members of a day.
    """


class NoPower(Conflict):
    """No power in law covers this on that day.

    A right comes from another right, or from a power that the organisation has. `GET /powers` lists those of a day.
    """


class ActionNotListed(Conflict):
    """The action is in no rule pack of that day.

    `detail` lists them. A body's own follow a listed one, such as `contract.award.payroll`, or stand under `local`.
    """


class ConditionNotListed(Conflict):
    """The condition is in no rule pack of that day.

    Everybody reads the conditions of a right, so they are codes of a rule pack. `GET /powers` lists them.
    """


class NotToBeRemade(Conflict):
    """This decision right is not waiting to be made again.

    Only a right that ended with a merger can be made again, once, and by the successor.
    """


class SafeguardsMissing(Conflict):
    """Safeguards against conflicts of interest are missing.

    `reasons` names each one that the rule pack of the day needs.
    """


class HostDominates(Conflict):
    """The host would have too much of the votes.

    The rule pack says below which part of the votes the host of a shared service stays; votes count by weight. Give the
    other parties more of them.
    """


class RetentionNotOver(Conflict):
    """The record has to be kept for now.

    An interest is kept for years after it expired, and a person's name for years after the last appointment, and while
    an interest of the person is kept. `detail` names the last day; it may be erased from the day after.
    """


class SharesNotWhole(Conflict):
    """The shares are not one whole.

    Of a pooled fund there is an exact fraction for each party, in the order of the parties, and they sum to 1. Of a
    hosted service whose agreement is named, contracts has published whole tables of each kind that `reasons` names.
    """


def refuse(found: Sequence[DomainError]) -> None:
    """Raise the first refusal with the reasons of all of them; return where there is none."""
    if not found:
        return
    reasons = [reason for error in found for reason in (error.reasons or (Reason(error.message),))]
    raise type(found[0])("; ".join(error.message for error in found), reasons=reasons)
