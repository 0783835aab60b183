"""Due work of finance: what happens on a day without a command."""

from libs.common.events.contracts import PaymentFellDue
from libs.common.events.finance import (
    AllowanceRestated,
    AllowanceSet,
    CaseAppraised,
    CaseWouldFlip,
    DelayPriced,
    FinanceFindingCleared,
    FinanceFindingRaised,
    PaymentMade,
    PaymentReversed,
)
from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionReversed,
    DecisionTaken,
    ProposalOpened,
    ProposalWithdrawn,
)
from libs.common.events.registry import PopulationPublished
from libs.common.messaging.causes import DueBy, Heard, MadeDue
from libs.common.service.due_work import DoDueWork, first_of
from services.finance.delays.commands import price_delays
from services.finance.figures.models import heard_event
from services.finance.flips.commands import tell_flips
from services.finance.payments.commands import pay_what_is_due
from services.finance.payments.refunds import find_not_put_back
from services.finance.populations.publications import allowances_follow_counts
from services.finance.tasks.due import find_stalled

DUE: tuple[DoDueWork, ...] = (
    allowances_follow_counts,
    pay_what_is_due,
    find_not_put_back,
    price_delays,
    tell_flips,
    find_stalled,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""

_COUNTED = DueBy("organisation", (PopulationPublished,))
_ITEM = DueBy("item", (PaymentFellDue,))
_ABOUT_ITEM = DueBy("about", (PaymentFellDue,))

MADE_DUE = MadeDue(
    {
        AllowanceSet: (_COUNTED,),
        AllowanceRestated: (_COUNTED,),
        PaymentMade: (_ITEM,),
        PaymentReversed: (_ITEM,),
        DelayPriced: (DueBy("proposal", (DecisionAwaited, DecisionDeferred)),),
        CaseWouldFlip: (DueBy("case", (CaseAppraised,)),),
        FinanceFindingRaised: (DueBy("about", (DecisionReversed, ProposalOpened)), _ABOUT_ITEM),
        FinanceFindingCleared: (
            DueBy("about", (DecisionTaken, DecisionReversed, ProposalWithdrawn)),
            *(_ABOUT_ITEM, DueBy("finding", (FinanceFindingRaised,))),
        ),
    },
    Heard(heard_event.name, keys="keys"),
)
"""What makes the events of these routines fall due."""

do_next = first_of(DUE)
