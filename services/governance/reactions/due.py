"""Due work of governance: what happens on a day without anybody's command."""

from libs.common.events.contracts import CommitmentMade
from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionReversed,
    DecisionTaken,
    DossierSealed,
    GovernanceFindingCleared,
    GovernanceFindingRaised,
    ObstructionEnded,
    ObstructionFound,
    ProposalWithdrawn,
)
from libs.common.events.registry import CCGMergerAgreed, ICBMergerAgreed, MergerApplied
from libs.common.messaging.causes import DueBy, Heard, MadeDue, own_events
from libs.common.service.due_work import DoDueWork, first_of
from services.governance.appointments.vacancies import find_vacancies
from services.governance.assurance.due import find_overdue
from services.governance.commitments.commands import find_commitments
from services.governance.conflicts.papers import recall_due
from services.governance.decisions.due import find_retracted
from services.governance.dossiers.commands import write_dossiers
from services.governance.dossiers.models import dossier_event
from services.governance.interests.due import find_undeclared
from services.governance.mergers.votes import find_unvoted
from services.governance.minutes.due import find_unapproved
from services.governance.obstructions.commands import find_obstructions
from services.governance.recommendations.commands import find_obstructed
from services.governance.successions.remakes import find_instruments_to_remake
from services.governance.tasks.due import find_stalled
from services.governance.urgent_actions.due import find_unreported

DUE: tuple[DoDueWork, ...] = (
    find_unvoted,
    find_instruments_to_remake,
    find_vacancies,
    find_undeclared,
    find_commitments,
    recall_due,
    find_obstructions,
    find_obstructed,
    find_unapproved,
    find_unreported,
    find_stalled,
    find_retracted,
    find_overdue,
    write_dossiers,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""

_FINDINGS = (GovernanceFindingRaised, GovernanceFindingCleared)
_ABOUT = (
    DueBy("about", own_events("governance", but=_FINDINGS)),
    DueBy("about", (CommitmentMade,)),
    DueBy("about", (CCGMergerAgreed, ICBMergerAgreed, MergerApplied)),
)

MADE_DUE = MadeDue(
    {
        ObstructionFound: (DueBy("proposal", (DecisionAwaited, DecisionDeferred)),),
        ObstructionEnded: (
            DueBy("proposal", (DecisionTaken, DecisionReversed, ProposalWithdrawn)),
            DueBy("proposal", (ObstructionFound,)),
        ),
        DossierSealed: (DueBy("decision", (DecisionTaken,)),),
        GovernanceFindingRaised: _ABOUT,
        GovernanceFindingCleared: (*_ABOUT, DueBy("finding", (GovernanceFindingRaised,))),
    },
    Heard(dossier_event.name, keys="attached_by"),
)
"""What makes the events of these routines fall due."""

do_next = first_of(DUE)
