"""Refusals about drafts."""

from libs.common.errors import Conflict


class AlreadyAwarded(Conflict):
    """The draft was awarded already.

    All whom it names read it since then, and may sign it.
    """


class CoordinatorMissing(Conflict):
    """A contract of several customers needs a coordinating commissioner.

    You act for some of its customers, not for exactly one and not for all: name in `coordinating_commissioner` which
    of them acts for all.
    """
