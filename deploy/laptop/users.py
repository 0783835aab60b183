"""The users of the laptop's token issuer: a few callers to try things out with, and to load the demo."""

from deploy.laptop.issuer import DemoUser
from libs.common.identity import EVERY_ORGANISATION, Role

_ALL = frozenset({EVERY_ORGANISATION})

NHS_ENGLAND = DemoUser(
    "nhs-england",
    frozenset({Role.NHS_ENGLAND, Role.PLANNER}),
    _ALL,
    "agrees, re-dates and withdraws mergers, for every organisation",
)
REGISTRAR = DemoUser(
    "registrar",
    frozenset({Role.REGISTRAR}),
    _ALL,
    "opens, renames and closes organisations",
)
COMMISSIONER = DemoUser(
    "commissioner",
    frozenset({Role.CONTRACT_LEAD, Role.FINANCE_LEAD, Role.GOVERNANCE_LEAD, Role.PARTNER, Role.PLANNER}),
    _ALL,
    "drafts contracts, states populations and appoints, for every CCG; as commissioner@05C for that one alone",
    may_be_one_body=True,
)
BLACK_COUNTRY = DemoUser(
    "black-country",
    frozenset({Role.CONTRACT_LEAD, Role.FINANCE_LEAD, Role.GOVERNANCE_LEAD, Role.PLANNER}),
    frozenset({"QUA"}),
    "does the same for the Black Country alone, and for the CCGs that its board followed; is refused everything else",
)
PARTNER = DemoUser(
    "support-unit",
    frozenset({Role.PARTNER}),
    frozenset({"0CX"}),
    "reads the event feeds as Midlands and Lancashire Commissioning Support Unit: what concerns it, and what is open",
)
READER = DemoUser("reader", frozenset(), frozenset(), "reads what every signed-in caller may read")
OPERATOR = DemoUser(
    "operator",
    frozenset({Role.OPERATOR}),
    frozenset(),
    "runs the system: parked events, due work, the clock",
)

USERS = (NHS_ENGLAND, REGISTRAR, COMMISSIONER, BLACK_COUNTRY, PARTNER, READER, OPERATOR)
