"""Refusals about authority."""

from libs.common.errors import Conflict


class AuthorityMissing(Conflict):
    """The act needs a decision that governance has published.

    `detail` names the body that has not decided, the action, and the rule pack that asks for it. Have the decision
    taken, and send the request again once it is published.
    """
