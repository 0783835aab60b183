"""Every refusal of the registry, one line each."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotFound(NotFound):
    """The registry has no such organisation."""


class CodeTaken(Conflict):
    """This code names a body already, and a code is never used again."""


class NoChange(Conflict):
    """That is what the registry says already."""


class SourceRefused(Conflict):
    """Nothing can be put on record under this source, or for this day."""
