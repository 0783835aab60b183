"""Due work of finance: what happens on a day without a command."""

from libs.common.service.due_work import DoDueWork, first_of
from services.finance.delays.commands import price_delays
from services.finance.flips.commands import tell_flips
from services.finance.payments.commands import pay_what_is_due
from services.finance.populations.publications import allowances_follow_counts

DUE: tuple[DoDueWork, ...] = (allowances_follow_counts, pay_what_is_due, price_delays, tell_flips)
"""The routines of the packages, each of which does its next piece of work, in this order."""

do_next = first_of(DUE)
