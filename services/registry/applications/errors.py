"""Refusals of merger applications."""

from libs.common.errors import Conflict, NotFound


class ApplicationNotFound(NotFound):
    """There is no such merger application.

    No application has this reference, or none was known at the instant asked for.
    """


class ApplicationNotAllowed(Conflict):
    """The law or a procedure in force does not allow this application.

    `reasons` names each provision that stands against it. Mend them all and apply again.
    """


class DeterminedAlready(Conflict):
    """The application was determined or withdrawn already.

    Only an application that is filed or deferred can be changed or determined. File a new one.
    """


class NoSuchApplicant(NotFound):
    """This body is not one of the applicants.

    Read the application for who has applied.
    """


class NotApplicants(Conflict):
    """Bodies that this names are no applicants, or not yet: each applies by its own act.

    `reasons` names them. An application is whole when every applicant has agreed to its content.
    """
