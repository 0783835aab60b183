"""Refusals about cases."""

from libs.common.errors import Conflict, NotFound


class CaseNotFound(NotFound):
    """There is no such case, or no such version of it.

    A draft is read by its author's organisation alone; a published version also by the organisations that it names.
    Check the reference and the number, and whether the version is published.
    """


class CaseExists(Conflict):
    """A case of this reference exists already.

    State another version of it, or take another reference.
    """


class VersionFrozen(Conflict):
    """A published version never changes.

    Its author published it, or a proposal to a decision-making body froze it. State a new version.
    """


class InputNotFound(NotFound):
    """The option has no such input, or the case no such option or lens.

    Inputs are the codes of lines and risks, and `realisation`; the appraisal lists them.
    """


class CaseUnknown(Conflict):
    """Finance does not know this version of a case, or it is not one of yours.

    State the case first, or name a version that exists.
    """
