"""Due work of contracts: what happens on a day without anybody's command."""

from libs.common.events.contracts import (
    AgreementSettled,
    AgreementToRemake,
    CommitmentLapsed,
    CommitmentMade,
    ConsolidationAgreed,
    ContractFindingCleared,
    ContractFindingRaised,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    NoticeServed,
    PaymentFellDue,
    PaymentScheduled,
    ServiceConsolidated,
    SpendRecorded,
    TerminationPriced,
)
from libs.common.findings import in_order_of_days
from libs.common.messaging.causes import DueBy, MadeDue, own_events
from libs.common.service.due_work import DoDueWork, first_of
from services.contracts.bodies.commands import find_holders
from services.contracts.consolidations.moves import move_next
from services.contracts.exit_plans.commands import find_unreturned
from services.contracts.exits.alerts import announce_windows
from services.contracts.market.due import find_missed, find_replacements
from services.contracts.mergers.doubts import find_doubts
from services.contracts.mergers.reviews import find_overlaps
from services.contracts.mergers.to_remake import flag_signed_late
from services.contracts.part_ends.payments import prices_fall_due
from services.contracts.performance.commands import find_duties
from services.contracts.publication.commands import publish_news
from services.contracts.schedules.commands import payments_fall_due
from services.contracts.signing.ratifications import ratify_by_decisions
from services.contracts.sourcing.commands import agreements_are_overdue
from services.contracts.spend.inferences import attribute_payments
from services.contracts.tasks.due import find_stalled
from services.contracts.terminations.due import end_by_notice, renew_contracts
from services.contracts.transfers.refunds import find_refunds

DUE: tuple[DoDueWork, ...] = (
    ratify_by_decisions,
    renew_contracts,
    end_by_notice,
    prices_fall_due,
    payments_fall_due,
    find_duties,
    find_unreturned,
    in_order_of_days("holders")(find_holders),
    find_overlaps,
    find_doubts,
    find_refunds,
    flag_signed_late,
    move_next,
    agreements_are_overdue,
    find_missed,
    find_replacements,
    announce_windows,
    find_stalled,
    publish_news,
    attribute_payments,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""

_TERMS = DueBy("contract", (ContractSigned, ContractVaried, ContractTransferred, ServiceConsolidated))
_PLAN = (ConsolidationAgreed,)
# The price of a part that a notice ends is planned by nothing: it follows from the terms on the day.
_NOTICE = DueBy("contract", (NoticeServed,), only=("kind", frozenset({"termination"})))
_FINDINGS = (ContractFindingRaised, ContractFindingCleared)
_ABOUT = DueBy("about", own_events("contracts", but=_FINDINGS))

MADE_DUE = MadeDue(
    {
        ContractSigned: (DueBy("contract", (CommitmentMade,)),),
        CommitmentLapsed: (DueBy("contract", (CommitmentMade,)),),
        ContractVaried: (DueBy("contract", _PLAN, only=("reason", frozenset({"joined"}))), _TERMS),
        # The end by a plan's move is the plan's, though notice was served for it.
        ContractTerminated: (
            *(DueBy("into", _PLAN), DueBy("notice", (NoticeServed,))),
            *(DueBy("termination", (TerminationPriced,)), _TERMS),
        ),
        TerminationPriced: (DueBy("termination", (TerminationPriced,)), _TERMS),
        ServiceConsolidated: (DueBy("plan", _PLAN),),
        PaymentFellDue: (DueBy("item", (PaymentScheduled,)), _NOTICE, _TERMS),
        PaymentScheduled: (_TERMS,),
        SpendRecorded: (DueBy("contract", (ContractSigned,)),),
        AgreementToRemake: (DueBy("agreement", (ContractSigned, ContractVaried)),),
        AgreementSettled: (DueBy("agreement", (AgreementToRemake,)),),
        ContractFindingRaised: (_ABOUT,),
        ContractFindingCleared: (_ABOUT, DueBy("finding", (ContractFindingRaised,))),
    }
)
"""What makes the events of these routines fall due."""

do_next = first_of(DUE)
