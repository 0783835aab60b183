"""Shows a proposal with where it stands, and what is late or missing."""

from dataclasses import asdict
from datetime import datetime

from libs.common.database.connection import Reads
from services.governance.proposals.models import ProposalKind, State
from services.governance.proposals.packs import consultations_asked
from services.governance.proposals.queries import ProposalRead
from services.governance.proposals.rules import deferrals
from services.governance.proposals.views import ConsentView, EvidenceView, ProposalView, SubjectView
from services.governance.subjects.queries import find_subject, list_cost_shifts


async def with_subject(db: Reads, read: ProposalRead, *, as_known: datetime | None) -> ProposalView:
    """Return a proposal as answered, with its subject, and the cost shifts that were found in that or in its case."""
    view = proposal_view(read, as_known=as_known)
    subject = await find_subject(db, read.subject, as_at=read.as_at, as_known=as_known)
    if subject is None:
        return view
    named = dict.fromkeys(one for one in (read.subject, read.case_reference) if one)
    shifts = [shift for one in named for shift in await list_cost_shifts(db, one, as_known=as_known)]
    fields = asdict(subject) | {"parties": subject.parties, "cost_shifts": shifts}
    return view.model_copy(update={"about": SubjectView.model_validate(fields)})


def proposal_view(read: ProposalRead, *, as_known: datetime | None) -> ProposalView:
    """Return a proposal as answered, without its subject."""
    return ProposalView(
        proposal=read.reference,
        organisation=read.organisation,
        kind=ProposalKind(read.kind),
        action=read.action,
        subject=read.subject,
        revision=read.standing.revision,
        value_pence=read.value_pence,
        annual_pence=read.annual_pence,
        recurrent=read.recurrent,
        series=read.series,
        case=read.case_reference,
        case_version=read.case_version,
        digest=read.digest,
        due_on=read.due_on,
        state=read.standing.state,
        outcome=read.standing.outcome,
        consents=_consents(read),
        unmet=list(read.standing.unmet),
        in_effect=read.standing.in_effect,
        evidence=[
            EvidenceView(condition=act.code, body=act.body, met_on=act.effective_on, minute=act.reference)
            for act in read.standing.evidence
        ],
        consulted=list(read.standing.consulted),
        not_consulted=sorted(consultations_asked(read.kind, read.as_at) - set(read.standing.consulted)),
        as_at=read.as_at,
        as_known=as_known,
    )


def _consents(read: ProposalRead) -> list[ConsentView]:
    lawful = {body for body in read.binding if any(act.lawful for act in deferrals(read.acts, body, on=read.as_at))}
    asks = read.standing.state not in {State.DRAFT, State.WITHDRAWN, State.VOID}
    return [
        ConsentView(
            body=consent.body,
            organisations=list(read.binding.get(consent.body, ())),
            outcome=consent.outcome,
            decision=consent.decision,
            decided_on=consent.decided_on,
            conditions=list(consent.conditions),
            deferred=consent.deferred,
            deferred_until=consent.deferred_until,
            scheduled=consent.scheduled,
            overdue=asks and not consent.outcome and read.as_at > read.due_on and consent.body not in lawful,
        )
        for consent in read.standing.consents
    ]
