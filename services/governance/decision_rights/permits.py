"""The one place where an act of a body, a post or a person is permitted: by `can`, and the answer is recorded."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import rfc8785
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from services.governance.core.chains import Fault, LimitBasis, Missing, Question
from services.governance.core.errors import NoPower, refuse
from services.governance.core.models import known
from services.governance.decision_rights.errors import ConditionUnmet, LimitExceeded, PermitNotFound, SplitToStayUnder
from services.governance.decision_rights.models import Permit
from services.governance.decision_rights.queries import Actor, Answer, ask, faults_in
from services.governance.decision_rights.series import Series, known_with_parts

_REFUSALS: Mapping[Missing, type[Conflict]] = {
    Missing.LIMIT: LimitExceeded,
    Missing.SPLIT: SplitToStayUnder,
    Missing.CONDITION: ConditionUnmet,
}
"""How a fault is refused; any other is that the power was not given."""

_PERMIT = "SELECT id, act, organisations, asked_on, known_at, question, answer, digest FROM permit WHERE id = $1"


async def permit(
    session: AsyncSession,
    actor: Actor,
    organisations: Collection[str],
    question: Question,
    *,
    series: Series | None = None,
    on: date,
    stated_at: datetime,
    act: str,
    by: Caller,
) -> str:
    """Ask `can` for each organisation that an act binds; record the answer for the act, and return its id.

    It is asked as at the act's day, as known when it is stated, with the organisations locked: no other act of theirs
    is permitted meanwhile, and what was permitted before counts. Raises NoPower, LimitExceeded, SplitToStayUnder,
    ConditionUnmet, with all reasons.
    """
    connection = await raw(session)
    await known.lock(connection, sorted(organisations))
    known_at = await known_with_parts(connection, organisations, on=on, stated_at=stated_at)
    asked = series or Series()
    found = {
        code: await ask(connection, actor, code, question, series=asked, as_at=on, as_known=known_at)
        for code in sorted(organisations)
    }
    refuse([_refusal(code, actor, fault) for code, answer in found.items() for fault in faults_in(answer, actor)])
    written = _question(actor, question, asked)
    answer = {code: _answer(one) for code, one in found.items()}
    recorded = Permit(
        id=f"PE-{uuid.uuid4()}",
        act=act,
        organisations=sorted(organisations),
        asked_on=on,
        known_at=known_at,
        question=json.dumps(written, sort_keys=True),
        answer=json.dumps(answer, sort_keys=True),
        digest=digest_of(written, answer, on, known_at),
        recorded_by=by.subject,
    )
    session.add(recorded)
    await session.flush()
    return recorded.id


def _refusal(organisation: str, actor: Actor, fault: Fault) -> Conflict:
    message = f"{organisation}: {actor.named} may not: {fault.repair}"
    return _REFUSALS.get(fault.missing, NoPower)(message, reasons=[Reason(message, "body")])


def digest_of(question: Mapping[str, Any], answer: Mapping[str, Any], on: date, known_at: datetime) -> str:
    """Return the SHA-256 of a question and its answer as canonical JSON (RFC 8785)."""
    whole: dict[str, Any] = {
        "question": question,
        "answer": answer,
        "as_at": on.isoformat(),
        "as_known": known_at.isoformat(),
    }
    return hashlib.sha256(rfc8785.dumps(whole)).hexdigest()


def _question(actor: Actor, question: Question, series: Series) -> dict[str, Any]:
    """Return the question as JSON; money is text, so that every reader of JSON reads the same number."""
    return {
        "actor": {"person": actor.person or "", "post": actor.post or "", "body": actor.body or ""},
        "action": question.action,
        "value_pence": {basis.value: str(pence) for basis, pence in question.value_pence.items()},
        "recurrent": question.recurrent,
        "subjects": sorted(question.subjects),
        "met": sorted(question.met),
        "series": series.name,
        "proposal": series.proposal,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    chain = answer.chain
    limit = {right.id: right.limit_pence for right in chain.rights} if chain else {}
    return {
        "may": chain is not None and chain.holds,
        "power": chain.power if chain else "",
        "packs": answer.packs,
        "parts": list(answer.question.parts),
        "decided_pence": {basis.value: str(pence) for basis, pence in answer.question.decided.items()},
        "rights": [
            {
                "right": right.id,
                "holder": right.holder,
                "action": right.action,
                "scope": right.scope,
                "limit_pence": "" if limit[right.id] is None else str(limit[right.id]),
                "limit_basis": right.limit_basis.value,
                "recurrent": right.recurrent,
                "conditions": sorted(right.conditions),
                "minute": answer.rows[right.id]["source_minute"],
            }
            for right in (chain.rights if chain else ())
        ],
    }


async def get_permit(db: Reads, permit_id: str) -> dict[str, Any]:
    """Return what was answered for an act, and whether the same question is answered the same today.

    It is asked again as at its day, as known at its instant. Raises PermitNotFound.
    """
    rows = await db.fetch(_PERMIT, permit_id)
    if not rows:
        raise PermitNotFound(f"there is no permit {permit_id}")
    row = dict(rows[0])
    question, answer = json.loads(row["question"]), json.loads(row["answer"])
    again = {
        code: _answer(
            await ask(
                db,
                Actor(**{name: value or None for name, value in question["actor"].items()}),
                code,
                _read(question),
                series=Series(name=question["series"], proposal=question["proposal"]),
                as_at=row["asked_on"],
                as_known=row["known_at"],
            )
        )
        for code in row["organisations"]
    }
    replayed = digest_of(question, again, row["asked_on"], row["known_at"])
    return row | {"question": question, "answer": answer, "replayed_digest": replayed}


def _read(question: Mapping[str, Any]) -> Question:
    return Question(
        action=question["action"],
        value_pence={LimitBasis(basis): int(pence) for basis, pence in question["value_pence"].items()},
        recurrent=question["recurrent"],
        subjects=frozenset(question["subjects"]),
        met=frozenset(question["met"]),
    )
