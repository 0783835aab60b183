"""Every refusal of the registry, one line each."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotFound(NotFound):
    """The registry has no such organisation."""


class MergerNotFound(NotFound):
    """The registry has no such merger."""


class CodeTaken(Conflict):
    """This code names a body already, and a code is never used again."""


class NotOpen(Conflict):
    """The organisation is not open on that day."""


class ClosedBeforeItOpened(Conflict):
    """An organisation cannot close before its first day, or on it."""


class MergerAgreed(Conflict):
    """The organisation is part of an agreed merger, which decides its last day."""


class MergerNotAllowed(Conflict):
    """The NHS Act 2006, s.14G, or what the registry knows of these bodies, does not allow this merger."""


class NotAgreedAnyMore(Conflict):
    """The merger was carried out or withdrawn already."""


class SameDay(Conflict):
    """The merger takes effect on that day already."""


class NothingChanges(Conflict):
    """That is what the registry says already."""


class MergerNotReady(Conflict):
    """The merger lacks what has to be there before it takes effect: conditions met, transfer schemes or nil returns."""


class NotItsDay(Conflict):
    """The merger takes effect on another day."""


class SchemeMadeAlready(Conflict):
    """There is a transfer scheme of this sort for this body already, or its nil return."""


class SchemeNotAllowed(Conflict):
    """A transfer scheme moves what the bodies of its merger have, on a day that has come."""


class NoSuchCondition(NotFound):
    """The merger was approved without such a condition."""


class ConditionMetAlready(Conflict):
    """The condition was met before."""


class ApplicationNotFound(NotFound):
    """The registry has no such merger application."""


class ApplicationNotAllowed(Conflict):
    """The law, or a procedure in force, does not allow this application; each reason says which."""


class DeterminedAlready(Conflict):
    """The application was determined or withdrawn already."""


class NoSuchApplicant(NotFound):
    """This body is no applicant."""


class ClusterNotFound(NotFound):
    """The registry has no such cluster."""


class ClusterNotAllowed(Conflict):
    """What shares a leadership are integrated care boards that are open, each in one cluster at a time."""


class ClusterEnded(Conflict):
    """The cluster has ended already."""


class LegalDatesDisagree(Conflict):
    """What is stated in law does not fit what is known of the organisation's life."""


class RoleNotHeld(Conflict):
    """The organisation does not have this role on that day."""


class IdentifierTaken(Conflict):
    """This code of another system names another organisation, and a code is never used again."""


class IdentifierNotFound(NotFound):
    """No organisation bears this code of that system on that day, as known then."""


class LegalFormUnknown(Conflict):
    """No rule pack in force on that day knows this legal form."""


class CareModelNotFound(NotFound):
    """The registry has no such care model."""


class CareModelTaken(Conflict):
    """This reference names a care model already."""


class NotPlannedAnyMore(Conflict):
    """The care model was established or has ended already."""


class NotEstablished(Conflict):
    """The care model was never established, or not by that day, or has ended already."""


class WatchListNotFound(NotFound):
    """The caller has no such watch list."""


class WatchListTaken(Conflict):
    """The caller has a watch list of this name already."""


class CoverBroken(Conflict):
    """A practice or an area would not be covered exactly once, or a list has a code that is wrong (s.14A)."""


class RelationNotAllowed(Conflict):
    """These bodies cannot stand in this relation."""


class SuccessionNotAllowed(Conflict):
    """One body cannot follow another in this way."""


class SuccessionNotFound(NotFound):
    """The registry knows of no such succession."""


class NotToBeUndone(Conflict):
    """This succession cannot be undone in this way."""


class SourceRefused(Conflict):
    """Nothing can be put on record under this source, or for this day."""
