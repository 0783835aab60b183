"""Refusals about meetings."""

from libs.common.errors import Conflict, NotFound


class MeetingNotFound(NotFound):
    """There is no such meeting.

    No meeting has this reference, or none was known at the instant asked for.
    """


class ItemNotFound(NotFound):
    """There is no such item.

    No meeting has an item with this id on its agenda, or none was known at the instant asked for. Who is conflicted at
    an item in private is shown to those who read the item, and to who is conflicted.
    """


class MeetingExists(Conflict):
    """The body has a meeting on this day already.

    A body meets once a day. Add items to the meeting that `detail` names, or choose another day.
    """


class MeetingOver(Conflict):
    """The meeting is over, or does not take place.

    It was held or cancelled, so nothing is put on its agenda or voted on. Plan another meeting.
    """


class MeetingNotCalled(Conflict):
    """The meeting was not called.

    A meeting acts after notice of it was given: `POST /meetings/{meeting}/notice`.
    """


class NoticeTooShort(Conflict):
    """The notice is shorter than it has to be.

    `detail` names the last day on which notice would have been in time, and the rule pack or terms of reference that
    say so. Choose a later day for the meeting, or name in `short_notice` why it cannot wait.
    """


class PrivateWithoutReason(Conflict):
    """The public is excluded without a listed reason.

    An item is in private for a reason that is a code of a rule pack. `detail` lists those of the day.
    """


class NotYetDue(Conflict):
    """It is too early.

    What happens at a meeting is stated from its day on, in the order in which it happened. `detail` names the day or
    instant.
    """


class NotQuorate(Conflict):
    """There is no quorum for the item.

    `reasons` names for each clause of the quorum the seats for which too few persons are there, who these are, the
    conditions that no one meets, and how many members are missing. Conflicted persons do not count.
    """


class Conflicted(Conflict):
    """The person is excluded from the item by an interest.

    Neither the person nor anyone on their behalf votes. A recusal decided by whoever presides may allow more, with a
    recorded reason.
    """


class ProxyVoid(Conflict):
    """The vote was given to someone who cannot have it.

    The terms of reference know no proxies, or whoever gave the vote is excluded from the item.
    """


class NotPresent(Conflict):
    """The person is not there in this seat.

    Whoever has not arrived, has left, or does not sit in the seat has no vote in it at that instant. Correct the
    attendance first, if it is wrong.
    """


class VotedTwice(Conflict):
    """The seat or the person has voted on this item.

    A seat votes once, and so does a person who holds several seats of the body or deputises.
    """


class CastingVoteNotYours(Conflict):
    """No casting vote is due to this person.

    It breaks a tie in a simple majority of the votes cast only, where the terms of reference know it, and belongs to
    whoever presides.
    """


class NotPresiding(Conflict):
    """The person does not preside.

    Whoever is first by the terms of reference, is there, and is not excluded presides; where no one is, whom the
    meeting elects of those with a vote.
    """


class ItemClosed(Conflict):
    """The item has a result.

    What it came to stands; a later meeting can decide anew.
    """


class NoMotion(Conflict):
    """No motion was put at the item.

    An item opens for votes with `POST /items/{item}/motion`.
    """


class VotesOpen(Conflict):
    """An item was put to the vote.

    Close it with `POST /items/{item}/result` before the meeting is stated as held. A meeting that voted took place, and
    is not cancelled.
    """


class MinutesMissing(Conflict):
    """The meeting has no minutes to approve.

    It was not held yet, or its draft is not recorded.
    """


class MinutesApproved(Conflict):
    """The minutes are approved.

    A correction is a new version that names in `corrects` the one that it corrects.
    """


class NotALaterMeeting(Conflict):
    """Only a later meeting of the same body can do this.

    Minutes are approved, and urgent actions ratified, by a later meeting of the body.
    """


class RecusalTooLax(Conflict):
    """The rule pack asks for a stricter action.

    Whoever presides may decide for a milder one with a recorded reason (`note`), and for a stricter one always.
    """
