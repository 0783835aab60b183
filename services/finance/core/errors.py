"""Refusals that several packages of finance share, and how they are raised together."""

from collections.abc import Sequence

from libs.common.errors import Conflict, DomainError, Reason


def refuse(found: Sequence[DomainError]) -> None:
    """Raise the first refusal with the reasons of all of them; return where there is none."""
    if not found:
        return
    reasons = [reason for error in found for reason in (error.reasons or (Reason(error.message),))]
    raise type(found[0])("; ".join(error.message for error in found), reasons=reasons)


class NoPackInForce(Conflict):
    """No rule pack on this subject is in force on that day.

    `detail` names the subject and the day; as known at an instant, a pack that was stated later does not count. Ask for
    another day, or as known later.
    """
