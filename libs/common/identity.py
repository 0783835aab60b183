"""The caller of a request: its subject, its roles, and the organisations it may act for."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from libs.common.errors import Forbidden
from libs.common.process import context

EVERY_ORGANISATION = "*"


class Role(StrEnum):
    """A caller's role, as in a token's `roles` claim.

    Reading needs no role: a valid token reads what is open to every signed-in caller, and what concerns its own
    organisations. `meaning` is the sentence that the README's table shows.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """Return the role of this name."""
        role = str.__new__(cls, value)
        role._value_ = value
        role.meaning = meaning
        return role

    REGISTRAR = "registrar", "opens, changes, relates and closes organisations, and states successions and cover"
    NHS_ENGLAND = "nhs_england", "determines applications, and agrees, re-dates and withdraws mergers of commissioners"
    CONTRACT_LEAD = "contract_lead", "drafts, signs, ends and consolidates support contracts of its organisations"
    FINANCE_LEAD = "finance_lead", "states populations of its organisations, which set their allowances"
    GOVERNANCE_LEAD = (
        "governance_lead",
        "maintains bodies, posts and decision rights of its organisations, and applies for mergers",
    )
    PARTNER = "partner", "follows the event feeds"
    PLANNER = "planner", "opens, moves, compares, promotes and drops branches for its organisations"
    OPERATOR = "operator", "runs the system: parked events, due work, the clock; reads no party's content"
    LOADER = "loader", "sets `Stated-At` to a past instant, for what was already known then"


class NotYoursToDecide(Forbidden):
    """The caller does not act for every organisation that this binds.

    `detail` names those that the token acts for neither itself nor as their successor. Ask for a token that acts for
    them too, or let their own leads do it.
    """


class RoleMissing(Forbidden):
    """The caller lacks the role that this needs.

    `detail` names the role. Your issuer decides who has it.
    """


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or system with a verified token, or a service reacting to an event.

    `organisations` are the ODS codes in the token, or `*` for a national body. Whether a code's holder may also act for
    that body's predecessors is resolved by the service through lineage, and passed to `must_act_for`.
    """

    subject: str
    roles: frozenset[Role]
    organisations: frozenset[str]
    issuer: str = ""

    @property
    def is_national(self) -> bool:
        """Whether the caller acts for every organisation."""
        return EVERY_ORGANISATION in self.organisations

    def has(self, *roles: Role) -> bool:
        """Whether the caller holds one of these roles."""
        return bool(self.roles.intersection(roles))

    def acts_for(self, codes: Collection[str], *, predecessors: Collection[str] = ()) -> bool:
        """Whether the caller acts for every one of these organisations; see `must_act_for`."""
        return self.is_national or self._acted_for(codes, predecessors) == frozenset(codes)

    def acts_for_one_of(self, codes: Collection[str], *, predecessors: Collection[str] = ()) -> bool:
        """Whether the caller acts for at least one of these organisations; see `must_act_for`."""
        return self.is_national or bool(self._acted_for(codes, predecessors))

    def _acted_for(self, codes: Collection[str], predecessors: Collection[str]) -> frozenset[str]:
        return frozenset(code for code in codes if code in self.organisations or code in predecessors)

    def must_have(self, *roles: Role) -> None:
        """Raise RoleMissing unless the caller holds one of these roles."""
        if not self.has(*roles):
            needed = " or ".join(sorted(roles))
            raise RoleMissing(
                f"this needs the role {needed}; the token gives {', '.join(sorted(self.roles)) or 'none'}"
            )
        context.used_right(context.RoleUsed(frozenset(roles)))

    def must_act_for(self, codes: Collection[str], *, predecessors: Collection[str] = ()) -> None:
        """Raise NotYoursToDecide unless the caller acts for every one of `codes`. The refusal names the others.

        `predecessors` are the bodies that the caller's organisations succeeded: whoever acts for a successor acts for
        its predecessors.
        """
        if not self.acts_for(codes, predecessors=predecessors):
            self._refuse(frozenset(codes) - self._acted_for(codes, predecessors))
        context.used_right(context.ActedFor(frozenset(codes)))

    def must_act_for_one_of(self, codes: Collection[str], *, because: str, predecessors: Collection[str] = ()) -> None:
        """Raise NotYoursToDecide unless the caller acts for at least one of `codes`.

        `because` is for the reader of the code: why one of them is enough here.
        """
        if not self.acts_for_one_of(codes, predecessors=predecessors):
            self._refuse(frozenset(codes), because)
        context.used_right(
            context.ActedFor(frozenset(codes) if self.is_national else self._acted_for(codes, predecessors))
        )

    def _refuse(self, codes: Collection[str], because: str = "") -> None:
        own = ", ".join(sorted(self.organisations)) or "no organisation"
        one = f"one of them is needed, because {because}; " if because else ""
        raise NotYoursToDecide(f"{', '.join(sorted(codes))}: {one}the token acts for {own}")


def service_caller(service: str) -> Caller:
    """Return the caller of a service's reactions: it acts on an event, for every organisation."""
    return Caller(subject=f"service:{service}", roles=frozenset(Role), organisations=frozenset({EVERY_ORGANISATION}))
