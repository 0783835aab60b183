"""Links of a body, several at a time: relations to other bodies, further roles, codes of other systems."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationIdentified,
    OrganisationIdentifierEnded,
    OrganisationRelated,
    OrganisationRoleEnded,
    OrganisationRoleGiven,
    OrganisationUnrelated,
)
from libs.common.temporal.history import LAST_DAY, Days

HOLDS = "*"
"""The value of a link that has no share."""
CODE_OF = "code:"
"""Followed by the name of the system: the type of a link that is a code of another system (`code:ons`)."""
ROLE = "role"


class Relation(StrEnum):
    """A relation of a body to another, many to many, each with its days."""

    MEMBER_OF = "member of"
    COMMISSIONS = "commissions"
    PART_OF_FOOTPRINT = "part of footprint"
    IN_AREA_OF = "in area of"
    HOSTS = "hosts"
    OWNS = "owns"
    """By shares, which sum to at most the whole."""
    PARTNER_IN = "partner in"
    CLUSTERED_WITH = "clustered with"
    """Shares its leadership with the other, and stays a legal body of its own."""


@dataclass(frozen=True, slots=True)
class LinkStatement:
    """One statement of an event about a link; no value: that it does not hold."""

    code: str
    sort: str
    other: str
    value: str | None
    days: Days
    rank: int


def link_statements_of(event: Event) -> Iterable[LinkStatement]:
    """Yield what an event states about links."""
    match event:
        case OrganisationRelated():
            days = Days(event.effective_on, event.until or LAST_DAY)
            yield LinkStatement(event.code, event.relation, event.other, event.share or HOLDS, days, event.rank)
        case OrganisationUnrelated():
            yield LinkStatement(event.code, event.relation, event.other, None, Days(event.effective_on), event.rank)
        case OrganisationRoleGiven():
            days = Days(event.effective_on, event.until or LAST_DAY)
            yield LinkStatement(event.code, ROLE, event.role, HOLDS, days, event.rank)
        case OrganisationIdentified():
            days = Days(event.effective_on, event.until or LAST_DAY)
            yield LinkStatement(event.code, f"{CODE_OF}{event.system}", event.identifier, HOLDS, days, event.rank)
        case OrganisationRoleEnded():
            yield LinkStatement(event.code, ROLE, event.role, None, Days(event.effective_on), event.rank)
        case OrganisationIdentifierEnded():
            sort = f"{CODE_OF}{event.system}"
            yield LinkStatement(event.code, sort, event.identifier, None, Days(event.effective_on), event.rank)
