"""What a draw names: the case that it is for, and the budget lines whose savings pay for what it leaves."""

from collections.abc import Sequence
from math import ceil

from libs.common.database.connection import Reads
from services.finance.appraisals.affordability import recurrent_cost
from services.finance.appraisals.worth import appraise
from services.finance.budgets.queries import get_lines
from services.finance.budgets.rules import name_of
from services.finance.cases.presentation import lens_of
from services.finance.cases.queries import get_version
from services.finance.cases.rules import preferred_of
from services.finance.core.models import known
from services.finance.core.sight import Sight


async def _sight_of(db: Reads, code: str) -> Sight:
    return Sight(frozenset({code}) | await known.predecessors(db, {code}))


async def recurrent_cost_of(db: Reads, reference: str, version: int, code: str) -> int:
    """Return the recurrent cost that the preferred option of a case adds, in the year of the most, in whole pence.

    Raises CaseNotFound where the organisation does not read this version, and what is wrong with a draft by now.
    """
    case = await get_version(db, reference, version, sight=await _sight_of(db, code))
    preferred = preferred_of(appraise(case.inputs, lens_of(case.inputs)), case.content.preferred)
    return 0 if preferred is None else ceil(recurrent_cost(case.inputs, preferred.option))


async def recurrent_lines(db: Reads, names: Sequence[str], code: str) -> dict[str, int]:
    """Return the recurrent lines among these of an organisation's budget, with what each has in its year."""
    by_id = {int(name.removeprefix("BL-")): name for name in names}
    lines = await get_lines(db, by_id.keys(), sight=await _sight_of(db, code)) if by_id else {}
    return {name_of(line.id): line.amount_pence for line in lines.values() if line.recurrent}
