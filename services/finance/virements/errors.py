"""Refusals about virements."""

from libs.common.errors import Conflict


class VirementRefused(Conflict):
    """The rules of virements do not allow this.

    `reasons` has each rule, with the rule pack that has it in `detail`.
    """


class AuthorityInsufficient(Conflict):
    """The right named does not cover this virement, or one is needed and none is named.

    A virement above the rule pack's limit, alone or with what else was moved out of or into a line in the year, needs a
    decision right of its organisation for `budget.virement`, in force on the day and within its limit.
    """


class BudgetsDiffer(Conflict):
    """A virement stays within one budget.

    All its lines belong to one body and one financial year.
    """
