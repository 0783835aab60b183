"""Refusals about parties and lenses."""

from libs.common.errors import Conflict, NotFound


class PartyNotFound(NotFound):
    """Finance knows nothing of this party.

    Neither the registry nor contracts has published anything about it, or not by the instant asked for. Check the code.
    """


class PartyUnknown(Conflict):
    """A party that the request names is not known.

    `detail` names each of them. Check the codes, or try again when the registry or contracts has published them.
    """


class LensNotFound(NotFound):
    """There is no such lens.

    No set of parties of this name was named by that organisation, by the instant asked for; or you do not read it.
    """
