"""The one place where an act of a body, a post or a person is permitted: by `can`, and the answer is recorded."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import rfc8785
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from services.governance.core.chains import Actor, Fault, LimitBasis, Missing, NewRight, Question
from services.governance.core.errors import NoPower, refuse
from services.governance.core.models import known
from services.governance.decision_rights.errors import ConditionUnmet, LimitExceeded, PermitNotFound, SplitToStayUnder
from services.governance.decision_rights.models import Permit
from services.governance.decision_rights.queries import Answer, ask, faults_in
from services.governance.decision_rights.series import Series, known_with_parts

_REFUSALS: Mapping[Missing, type[Conflict]] = {
    Missing.LIMIT: LimitExceeded,
    Missing.SPLIT: SplitToStayUnder,
    Missing.CONDITION: ConditionUnmet,
}
"""How a fault is refused; any other is that the power was not given."""

_PERMIT = "SELECT id, act, organisations, asked_on, known_at, question, answer, digest FROM permit WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Asked:
    """What `can` was asked for an act, of each organisation that it binds, and what it answered."""

    actor: Actor
    question: Question
    series: Series
    on: date
    known_at: datetime
    answers: Mapping[str, Answer]

    @property
    def faults(self) -> list[tuple[str, Fault]]:
        """All that is missing, each with the organisation for which it is; none where the act is permitted."""
        return [(code, fault) for code, answer in self.answers.items() for fault in faults_in(answer, self.actor)]

    @property
    def refusals(self) -> list[Conflict]:
        """The act's refusals: one for all that is missing."""
        return [_refusal(code, self.actor, fault) for code, fault in self.faults]


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
    asked = await ask_for_act(session, actor, organisations, question, series=series, on=on, stated_at=stated_at)
    return await record_permit(session, asked, act=act, by=by)


async def ask_for_act(
    session: AsyncSession,
    actor: Actor,
    organisations: Collection[str],
    question: Question,
    *,
    series: Series | None = None,
    on: date,
    stated_at: datetime,
) -> Asked:
    """Ask `can` for each organisation that an act binds, with the organisations locked, and refuse nothing yet."""
    connection = await raw(session)
    await known.lock(connection, sorted(organisations))
    known_at = await known_with_parts(connection, organisations, on=on, stated_at=stated_at)
    named = series or Series()
    answers = {
        code: await ask(connection, actor, code, question, series=named, as_at=on, as_known=known_at)
        for code in sorted(organisations)
    }
    return Asked(actor, question, named, on, known_at, answers)


async def record_permit(session: AsyncSession, asked: Asked, *, act: str, by: Caller) -> str:
    """Record what was answered for an act, and return its id. Raises what is missing, as `permit` does."""
    refuse(asked.refusals)
    written = _question(asked.actor, asked.question, asked.series)
    answer = {code: _answer(one) for code, one in asked.answers.items()}
    recorded = Permit(
        id=f"PE-{uuid.uuid4()}",
        act=act,
        organisations=sorted(asked.answers),
        asked_on=asked.on,
        known_at=asked.known_at,
        question=json.dumps(written, sort_keys=True),
        answer=json.dumps(answer, sort_keys=True),
        digest=digest_of(written, answer, asked.on, asked.known_at),
        recorded_by=by.subject,
    )
    session.add(recorded)
    await session.flush()
    return recorded.id


def unshown(met: Collection[str], document: str | None) -> list[Conflict]:
    """Return a refusal for each condition that an act states as met without the document that shows it."""
    if document is not None:
        return []
    messages = [f"{code}: name in `document` what shows it, or give evidence with the proposal" for code in sorted(met)]
    return [ConditionUnmet(message, reasons=[Reason(message, "met")]) for message in messages]


def _refusal(organisation: str, actor: Actor, fault: Fault) -> Conflict:
    condition = ": " if fault.missing in (Missing.POWER, Missing.LOOP) else " unless "
    message = f"{organisation}: {actor.named} may not{condition}{fault.repair}"
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
    } | ({"granted": _written(question.granted)} if question.granted else {})


def _written(granted: NewRight) -> dict[str, Any]:
    return {
        "source": granted.source,
        "power": granted.power,
        "joint": granted.joint,
        "limit_pence": "" if granted.limit_pence is None else str(granted.limit_pence),
        "limit_basis": granted.limit_basis.value,
        "last_day": granted.last_day.isoformat() if granted.last_day else "",
    }


def _answer(answer: Answer) -> dict[str, Any]:
    chain = answer.chain
    limit = {right.id: right.limit_pence for right in chain.rights} if chain else {}
    return {
        "may": chain is not None and chain.holds,
        "power": chain.power if chain else "",
        "packs": answer.packs,
        "parts": list(answer.question.parts),
        **({"uncounted": list(answer.question.uncounted)} if answer.question.uncounted else {}),
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
        granted=_granted(question["granted"]) if "granted" in question else None,
    )


def _granted(written: Mapping[str, Any]) -> NewRight:
    return NewRight(
        source=written["source"],
        power=written["power"],
        joint=written["joint"],
        limit_pence=int(written["limit_pence"]) if written["limit_pence"] else None,
        limit_basis=LimitBasis(written["limit_basis"]),
        last_day=date.fromisoformat(written["last_day"]) if written["last_day"] else None,
    )
