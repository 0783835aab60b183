"""The state of a proposal on a day: a pure function of its acts.

A decision, and evidence of its conditions, counts for the revision of the plan that it was taken on; one on an earlier
revision counts for nothing. A lawful deferral stops the clock from its day; where it has a day on which it ends, time
counts again from then. A withdrawal from a later day ends nothing where the bodies decided before that day.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.governance.proposals.models import ActKind, State

APPROVED = frozenset({"approved", "approved_with_conditions"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act on a proposal: see `ProposalAct`."""

    what: str
    effective_on: date
    stated_at: datetime
    id: int = 0
    body: str = ""
    code: str = ""
    outcome: str = ""
    reference: str = ""
    conditions: tuple[str, ...] = ()
    still_asked: tuple[str, ...] = ()
    until_on: date | None = None
    lawful: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Where a body stands whose consent is needed: `outcome` is empty while it has not decided."""

    body: str
    outcome: str = ""
    decision: str = ""
    decided_on: date | None = None
    conditions: tuple[str, ...] = ()
    deferred_until: date | None = None
    deferred: bool = False
    scheduled: str = ""
    """The item of a meeting that is to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a proposal stands on a day.

    `outcome` is that of the whole, once each body has decided: rejected where one of them rejected it. `unmet` are the
    conditions without evidence; approved and none unmet, it is in effect.
    """

    state: State
    revision: int
    outcome: str
    consents: tuple[Consent, ...]
    unmet: tuple[str, ...]
    in_effect: bool
    consulted: tuple[str, ...]
    evidence: tuple[Done, ...]
    """Of conditions of the approval, and of rights to decide, that are met."""


def standing(bodies: Collection[str], acts: Iterable[Done], *, revision: int, on: date) -> Standing:
    """Return where a proposal of these bodies, drafted on a revision of a plan, stands on a day.

    On a later revision only those of them are asked who are still members of the plan.
    """
    done = sorted(
        (act for act in acts if act.effective_on <= on or act.what == ActKind.SCHEDULED),
        key=lambda act: (act.effective_on, act.stated_at, act.id),
    )
    now, consents = _consents(bodies, done, revision, on)
    outcome = _outcome(consents)
    evidence = tuple(act for act in evidence_of(done) if act.revision in (0, now))
    unmet = sorted({code for consent in consents for code in unmet_of(consent, evidence)})
    overtaken = _overtaken(bodies, done, revision) if outcome else set[Done]()
    state = _state([act for act in done if act not in overtaken], consents, outcome)
    return Standing(
        state=state,
        revision=now,
        outcome=outcome,
        consents=consents,
        unmet=tuple(unmet),
        in_effect=state is State.DECIDED and outcome in APPROVED and not unmet,
        consulted=tuple(sorted({act.code for act in done if act.what == ActKind.CONSULTED})),
        evidence=evidence,
    )


def evidence_of(done: Iterable[Done]) -> list[Done]:
    """Return the evidence among acts that no later statement took back; what is shown again afterwards counts."""
    acts = list(done)
    back = [act for act in acts if act.what == ActKind.RETRACTED]
    return [
        act
        for act in acts
        if act.what == ActKind.EVIDENCED
        and not any(
            (one.code, one.body) == (act.code, act.body) and (one.stated_at, one.id) > (act.stated_at, act.id)
            for one in back
        )
    ]


def unmet_of(consent: Consent, evidence: Iterable[Done]) -> set[str]:
    """Return the conditions of a body's approval without evidence; what was shown for another body is none."""
    return set(consent.conditions) - {act.code for act in evidence if act.body in ("", consent.body)}


def _consents(
    bodies: Collection[str], done: Sequence[Done], revision: int, on: date
) -> tuple[int, tuple[Consent, ...]]:
    """Return the revision that is asked about, and where each body stands that is still asked."""
    revisions = sorted((act.revision, act.still_asked or tuple(bodies)) for act in done if act.what == ActKind.REVISED)
    now, asked = max([(revision, tuple(bodies)), *revisions])
    reversed_ = {act.reference for act in done if act.what == ActKind.REVERSED}
    return now, tuple(_consent(body, done, reversed_, now, on) for body in sorted(asked))


def _overtaken(bodies: Collection[str], done: Sequence[Done], revision: int) -> set[Done]:
    """Return the withdrawals from a day before which the bodies decided, by a decision that was stated later."""
    found = set[Done]()
    for act in done:
        before = [one for one in done if one.effective_on < act.effective_on]
        later = any(one.what == ActKind.DECIDED and one.stated_at > act.stated_at for one in before)
        if act.what == ActKind.WITHDRAWN and later:
            _, consents = _consents(bodies, before, revision, act.effective_on - timedelta(days=1))
            found |= {act} if _outcome(consents) else set()
    return found


def deferrals(acts: Iterable[Done], body: str, *, on: date) -> list[Done]:
    """Return the deferrals of a body that last on a day; of those from one day the last one stated counts."""
    own = [act for act in acts if act.what == ActKind.DEFERRED and act.body == body and act.effective_on <= on]
    last = {act.effective_on: act for act in sorted(own, key=lambda act: (act.effective_on, act.stated_at, act.id))}
    return [act for act in last.values() if act.until_on is None or on < act.until_on]


def _consent(body: str, done: Sequence[Done], reversed_: Collection[str], revision: int, on: date) -> Consent:
    own = [act for act in done if act.body == body]
    decided = [
        act
        for act in own
        if act.what == ActKind.DECIDED and act.reference not in reversed_ and act.revision in (0, revision)
    ]
    if decided:
        last = decided[-1]
        return Consent(
            body=body,
            outcome=last.outcome,
            decision=last.reference,
            decided_on=last.effective_on,
            conditions=last.conditions,
        )
    deferred = deferrals(own, body, on=on)
    to_come = [act for act in own if act.what == ActKind.SCHEDULED and act.effective_on >= on]
    return Consent(
        body=body,
        deferred=bool(deferred),
        deferred_until=deferred[-1].until_on if deferred else None,
        scheduled=to_come[0].reference if to_come else "",
    )


def _outcome(consents: Sequence[Consent]) -> str:
    outcomes = {consent.outcome for consent in consents}
    if not consents or "" in outcomes:
        return ""
    return max(outcomes, key=["approved", "approved_with_conditions", "rejected"].index)


def _state(done: Sequence[Done], consents: Sequence[Consent], outcome: str) -> State:
    whats = {act.what for act in done}
    if ActKind.WITHDRAWN in whats:
        return State.WITHDRAWN
    if ActKind.VOID in whats:
        return State.VOID
    if ActKind.OPENED not in whats:
        return State.DRAFT
    if outcome:
        return State.DECIDED
    if any(consent.deferred for consent in consents):
        return State.DEFERRED
    if any(consent.scheduled for consent in consents):
        return State.SCHEDULED
    return State.CONSULTED if ActKind.CONSULTED in whats else State.OPEN
