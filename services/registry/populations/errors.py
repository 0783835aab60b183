"""Refusals of counts of people."""

from libs.common.errors import Conflict


class LocalAuthorityRefused(Conflict):
    """No count of people can be recorded for this local authority.

    Name an organisation that is a local authority, and leave it out where all people of the organisation are counted,
    those of an authority included.
    """
