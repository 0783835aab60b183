"""Due work of governance: what happens on a day without anybody's command."""

from libs.common.service.due_work import DoDueWork, first_of
from services.governance.appointments.vacancies import find_vacancies
from services.governance.commitments.commands import find_commitments
from services.governance.conflicts.papers import recall_due
from services.governance.dossiers.commands import write_dossiers
from services.governance.mergers.votes import find_unvoted
from services.governance.minutes.due import find_unapproved
from services.governance.obstructions.commands import find_obstructions
from services.governance.recommendations.commands import find_obstructed
from services.governance.urgent_actions.due import find_unreported

DUE: tuple[DoDueWork, ...] = (
    find_unvoted,
    find_vacancies,
    find_commitments,
    recall_due,
    find_obstructions,
    find_obstructed,
    find_unapproved,
    find_unreported,
    write_dossiers,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""

do_next = first_of(DUE)
