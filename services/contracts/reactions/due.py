"""Due work of contracts: what happens on a day without anybody's command."""

from libs.common.service.due_work import DoDueWork, first_of
from services.contracts.bodies.commands import find_holders
from services.contracts.consolidations.moves import move_next
from services.contracts.exit_plans.commands import find_unreturned
from services.contracts.exits.alerts import announce_windows
from services.contracts.mergers.doubts import find_doubts
from services.contracts.mergers.reviews import find_overlaps
from services.contracts.mergers.to_remake import flag_signed_late
from services.contracts.performance.commands import find_duties
from services.contracts.schedules.commands import payments_fall_due
from services.contracts.signing.ratifications import ratify_by_decisions
from services.contracts.sourcing.commands import agreements_are_overdue
from services.contracts.terminations.due import end_by_notice, renew_contracts

DUE: tuple[DoDueWork, ...] = (
    ratify_by_decisions,
    renew_contracts,
    end_by_notice,
    payments_fall_due,
    find_duties,
    find_unreturned,
    find_holders,
    find_overlaps,
    find_doubts,
    flag_signed_late,
    move_next,
    agreements_are_overdue,
    announce_windows,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""

do_next = first_of(DUE)
