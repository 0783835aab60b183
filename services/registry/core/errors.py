"""Refusals that several packages of the registry share."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotFound(NotFound):
    """There is no such organisation.

    No organisation has this code, or none was known at the instant asked for.
    """


class CodeTaken(Conflict):
    """This code names an organisation already.

    An ODS code is never used again for another body. Choose another, or change the organisation that has it.
    """


class NoChange(Conflict):
    """The registry has recorded exactly this already.

    Nothing was recorded, since nothing would change.
    """


class SourceRefused(Conflict):
    """Nothing can be recorded under this source, or for this day.

    Name a source of a family that a rule pack ranks, and a day that has come. What a registrar decides is a command of
    its own.
    """


class TermUnknown(Conflict):
    """No rule pack in force on that day has this term.

    `reasons` names the terms that there are. Words of your own stay with the parties and are in no event.
    """
