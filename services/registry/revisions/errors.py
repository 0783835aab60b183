"""The refusal of what is new of many organisations."""

from libs.common.errors import Conflict


class RevisionsNotAllowed(Conflict):
    """Something that is new of these organisations cannot be recorded, so nothing was.

    `reasons` names each organisation, day and value that stands against it, known values among them. Mend or leave out
    all of those, and send the rest again.
    """
