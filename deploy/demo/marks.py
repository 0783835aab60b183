"""Recognises by the services' own events what of the demo has happened already."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from libs.common.events import Envelope, Event
from libs.common.events.contracts import (
    ConsolidationAgreed,
    ConsolidationPlanned,
    ContractSigned,
    PaymentFellDue,
    PaymentScheduled,
    ProcurementStated,
    SpendRecorded,
    SupplierPriced,
)
from libs.common.events.finance import (
    AllowanceSet,
    BacklogRecorded,
    BudgetSet,
    CaseAppraised,
    CostShiftFound,
    ExitAssessed,
    PaymentMade,
)
from libs.common.events.governance import (
    AppointmentEnded,
    AppointmentMade,
    BodyEstablished,
    DecisionRightGranted,
    DecisionTaken,
)
from libs.common.events.registry import (
    AreasAssigned,
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    OrganisationClosed,
    OrganisationIdentified,
    OrganisationKindChanged,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationRelated,
    OrganisationRenamed,
    OrganisationSucceeded,
    PopulationPublished,
)

OFFERED = "a contract that is not signed by all"
"""In place of an event's name: no event is about a draft."""
Done: TypeAlias = frozenset[tuple[str, ...]]
"""What has happened, each as the name of an event and the codes and days that distinguish it from others of it."""
_DISTINGUISHED_BY: Mapping[type[Event], tuple[str, ...]] = {
    CCGMergerAgreed: ("successor",),
    CCGMergerRedated: ("successor",),
    CCGMerged: ("successor",),
    ContractSigned: ("contract",),
    ConsolidationAgreed: ("contract",),
    ConsolidationPlanned: ("plan",),
    PaymentScheduled: ("contract",),
    PaymentFellDue: ("item",),
    PaymentMade: ("item",),
    ProcurementStated: ("procurement", "stage"),
    SupplierPriced: ("supplier",),
    SpendRecorded: ("payer", "supplier"),
    AllowanceSet: ("organisation", "financial_year"),
    BudgetSet: ("organisation", "financial_year"),
    BacklogRecorded: ("organisation", "financial_year"),
    CaseAppraised: ("case",),
    CostShiftFound: ("subject",),
    ExitAssessed: ("contract",),
    BodyEstablished: ("organisation",),
    DecisionRightGranted: ("holder", "action"),
    DecisionTaken: ("subject",),
    AppointmentMade: ("post", "effective_on"),
    AppointmentEnded: ("post", "effective_on"),
    OrganisationOpened: ("code",),
    OrganisationClosed: ("code",),
    AreasAssigned: ("code",),
    OrganisationRenamed: ("code", "effective_on"),
    OrganisationKindChanged: ("code", "effective_on"),
    OrganisationRelated: ("code", "other"),
    OrganisationParentChanged: ("code", "parent", "effective_on"),
    OrganisationIdentified: ("code", "identifier"),
    OrganisationSucceeded: ("code", "successor"),
    PopulationPublished: ("code", "basis", "effective_on"),
}
"""By which fields an event of the demo is known."""


def what_happened(feeds: Iterable[Envelope]) -> Done:
    """Return what has been done already, according to the events of all services."""
    events = (envelope.event() for envelope in feeds)
    return frozenset(
        (event.event_name, *(str(getattr(event, field)) for field in _DISTINGUISHED_BY[type(event)]))
        for event in events
        if type(event) in _DISTINGUISHED_BY
    )
