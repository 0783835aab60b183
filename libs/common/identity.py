"""The caller of a request: its subject, its roles, and the organisations it may act for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from libs.common.errors import Forbidden

EVERY_ORGANISATION = "*"


class Role(StrEnum):
    """A caller's role, as in a token's `roles` claim. The README lists the same names."""

    READER = "reader"
    """Reads what is open to every signed-in caller, and what concerns its own organisations."""
    REGISTRAR = "registrar"
    """Opens, renames and closes organisations in the registry."""
    NHS_ENGLAND = "nhs_england"
    """Agrees, re-dates and withdraws mergers of CCGs, as NHS England does."""
    CONTRACT_LEAD = "contract_lead"
    """Signs, terminates and consolidates support contracts of its organisations."""
    FINANCE_LEAD = "finance_lead"
    """States populations and allowances of its organisations."""
    GOVERNANCE_LEAD = "governance_lead"
    """Maintains bodies, posts, holders and decision rights of its organisations."""
    PARTNER = "partner"
    """Reads the event feeds."""
    OPERATOR = "operator"
    """Runs the system: parked events, due work, the clock."""
    LOADER = "loader"
    """May set `Stated-At` to a past instant, for what was already known then."""


class NotYoursToDecide(Forbidden):
    """The caller does not act for this organisation.

    The token names none of the organisations that decide this, nor a successor of one. `detail` names them; ask for a
    token that acts for one.
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

    def acts_for(self, *codes: str) -> bool:
        """Whether the caller acts for at least one of these organisations."""
        return self.is_national or bool(self.organisations.intersection(codes))

    def must_have(self, *roles: Role) -> None:
        """Raise RoleMissing unless the caller holds one of these roles."""
        if not self.has(*roles):
            needed = " or ".join(sorted(roles))
            raise RoleMissing(
                f"this needs the role {needed}; the token gives {', '.join(sorted(self.roles)) or 'none'}"
            )

    def must_act_for(self, codes: Collection[str], *, also_through: Iterable[str] = ()) -> None:
        """Raise NotYoursToDecide unless the caller acts for one of `codes`, or for one of their successors.

        `also_through` are the successors' codes: whoever acts for a successor may act for its predecessors.
        """
        if not self.acts_for(*codes, *also_through):
            own = ", ".join(sorted(self.organisations)) or "no organisation"
            raise NotYoursToDecide(f"{', '.join(sorted(codes))}: the token acts for {own}")


def service_caller(service: str) -> Caller:
    """Return the caller of a service's reactions: it acts on an event, for every organisation."""
    return Caller(subject=f"service:{service}", roles=frozenset(Role), organisations=frozenset({EVERY_ORGANISATION}))
