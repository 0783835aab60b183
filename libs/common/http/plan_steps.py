"""Plan-Step: a step of a plan is carried out once, however often and however late it is given again.

The row is written in the command's transaction and never expires. Its key is not the caller's, unlike an
Idempotency-Key: whoever has the right may repeat the step, and gets the first answer. A plan's part of the key is drawn
at random by the process that promotes it and shown to no caller, so that none can take another plan's steps.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common.http.idempotency import REPLAYED, Stored, rights_as_text, rights_of_text, stored_answer
from libs.common.http.problems import Unprocessable, Unreadable
from libs.common.process.context import Right

HEADER = "Plan-Step"
_FORM = re.compile(r"([A-Za-z0-9_-]{22,64})/([1-9][0-9]{0,5})")
"""128 bits at least, which is 22 characters."""

# If the same step is in flight, this waits until that command ends, as an Idempotency-Key does.
_CLAIM = text("""
    INSERT INTO promoted_step (plan, step, caller, operation, fingerprint)
    VALUES (:plan, :step, :caller, :operation, :fingerprint)
    ON CONFLICT (plan, step) DO NOTHING RETURNING 1
""")
_STORED = text(
    "SELECT fingerprint, status, headers, body, rights FROM promoted_step WHERE plan = :plan AND step = :step"
)
_STORE = text("""
    UPDATE promoted_step SET status = :status, headers = :headers, body = :body, rights = :rights
    WHERE plan = :plan AND step = :step
""")


class PlanStepReused(Unprocessable):
    """This step of the plan was carried out as a different request.

    A step is one request for ever. Look at what it did, and make a new plan for what is still to be done.
    """


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of one plan."""

    plan: str
    step: int

    def parameters(self) -> dict[str, str | int]:
        """Return the primary key of the row."""
        return {"plan": self.plan, "step": self.step}


def step_of(header: str) -> PlanStep:
    """Return the step that the header names. Raises Unreadable."""
    named = _FORM.fullmatch(header)
    if named is None:
        raise Unreadable(f"{HEADER}: the plan's key of 22 to 64 characters, a slash and the step's number")
    return PlanStep(named[1], int(named[2]))


async def claim(session: AsyncSession, step: PlanStep, *, caller: str, operation: str, mark: bytes) -> Stored | None:
    """Claim the step for this transaction, or return what is stored. Waits while the same step is in flight.

    Raises PlanStepReused if the step was another request.
    """
    claimed = {**step.parameters(), "caller": caller, "operation": operation, "fingerprint": mark}
    if (await session.execute(_CLAIM, claimed)).first() is not None:
        return None
    stored = (await session.execute(_STORED, step.parameters())).one()
    if stored.fingerprint != mark:
        raise PlanStepReused(f"step {step.step} of this plan was carried out as another request")
    headers = {**json.loads(stored.headers), REPLAYED: "true"}
    return Stored(Response(stored.body, status_code=stored.status, headers=headers), rights_of_text(stored.rights))


async def keep(session: AsyncSession, step: PlanStep, response: Response, rights: Sequence[Right]) -> None:
    """Store this response for the step, with the rights that it took, in the command's transaction."""
    answer = {**stored_answer(response), "rights": rights_as_text(rights)}
    await session.execute(_STORE, {**step.parameters(), **answer})
