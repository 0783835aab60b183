"""Answers that figures stand in: those that were published, by their digest, and any other by its path."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from re import Match
from re import compile as pattern
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel

from libs.common.database.connection import Reads
from libs.common.errors import DomainError
from libs.common.events import Event
from libs.common.events.finance import (
    BudgetMoved,
    BudgetReduced,
    BudgetRestated,
    BudgetRestored,
    BudgetSet,
    CaseAppraised,
    SavingContracted,
    SavingForecast,
    SavingRealised,
    SavingReversed,
)
from services.finance.allowances.queries import get_allowance
from services.finance.allowances.views import ExplainedView
from services.finance.buy_outs.queries import get_appraisal, get_buy_out
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.cost_shifts.queries import get_cost_shift
from services.finance.cost_shifts.views import CostShiftView
from services.finance.delays.queries import list_delays
from services.finance.delays.views import DelayView
from services.finance.exits.presentation import view_of
from services.finance.exits.queries import assess_version, get_subject, get_version
from services.finance.exits.views import ExitAssessmentView
from services.finance.figures.errors import FigureNotFound
from services.finance.figures.projection import (
    BUY_OUTS,
    CHARGES,
    CLOCKS,
    COUNTS,
    EXITS,
    PLANS,
    PRICES,
    SUCCESSIONS,
)
from services.finance.portfolios.queries import get_solved, get_statement
from services.finance.portfolios.terms import BuyOutItem, ExitItem
from services.finance.runs.models import RunKind
from services.finance.savings.queries import get_savings
from services.finance.savings.views import InitiativeSavingsView
from services.finance.simulations.queries import get_simulated

_BUDGETS: Final = (BudgetSet, BudgetMoved, BudgetReduced, BudgetRestored, BudgetRestated)
_SAVINGS: Final = (SavingForecast, SavingContracted, SavingRealised, SavingReversed)
MOST_DELAYS: Final = 500
"""The most bodies that decide on one proposal."""


@dataclass(frozen=True, slots=True)
class Causes:
    """Which events an answer follows from: of these names about these keys, and those with these ids."""

    about: tuple[tuple[tuple[type[Event], ...], tuple[str, ...]], ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAnswer:
    """An answer with its figures, and what it was computed from."""

    kind: str
    document: Mapping[str, Any]
    digest: str
    causes: Causes
    packs: tuple[str, ...] = ()
    lens: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    as_at: date | None = None
    as_known: datetime | None = None
    published_as: str | None = None
    stated_at: datetime | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as at which day, as known when."""

    sight: Sight
    as_at: date
    as_known: datetime | None


_Loader: TypeAlias = Callable[[Reads, Match[str], Mapping[str, list[str]], Asker], Awaitable[list[TracedAnswer]]]


async def trace_path(db: Reads, address: str, view: Asker) -> list[TracedAnswer]:
    """Return what stands at a path of this service, computed anew. Raises FigureNotFound where nothing does."""
    parts = urlsplit(address)
    for route, load in _ROUTES:
        if (found := route.fullmatch(parts.path)) is not None:
            try:
                return await load(db, found, parse_qs(parts.query), view)
            except (DomainError, ValueError) as error:
                raise FigureNotFound(f"{parts.path}: {error}") from error
    raise FigureNotFound(f"{parts.path}: no answer of this path has figures with ids")


def trace_exit(view: ExitAssessmentView, published_as: str | None = None) -> TracedAnswer:
    """Return an assessment of exits with what it was computed from."""
    return TracedAnswer(
        kind="exit-assessment",
        document=_document(view),
        digest=view.digest,
        causes=Causes(((EXITS, (view.contract,)),)),
        packs=tuple(view.rule_packs),
        inputs=view.inputs.model_dump(mode="json"),
        as_at=view.as_at,
        as_known=view.as_known,
        published_as=published_as,
        stated_at=view.stated_at,
        version=view.version,
    )


def trace_cost_shift(shift: CostShiftView, inputs: Mapping[str, Any]) -> TracedAnswer:
    """Return a shift of cost with what it was computed from."""
    customers = tuple(one.code for one in shift.parties if one.code != shift.supplier)
    return TracedAnswer(
        kind="cost-shift",
        document=_document(shift),
        digest=shift.digest,
        causes=Causes(((PRICES, (shift.supplier,)), (COUNTS, customers))),
        packs=tuple(shift.rule_packs),
        inputs=inputs,
        as_at=shift.as_at,
        as_known=shift.as_known,
    )


def trace_savings(view: InitiativeSavingsView) -> TracedAnswer:
    """Return a savings statement with what it was computed from."""
    lines = {claim.line for one in view.savings for claim in one.claims}
    return TracedAnswer(
        kind="savings",
        document=_document(view),
        digest=view.digest,
        causes=Causes(
            (((*PLANS, *_SAVINGS), (view.initiative,)), *((((_BUDGETS), tuple(sorted(lines))),) if lines else ()))
        ),
        packs=(view.pack,) if view.pack else (),
        lens="organisation",
        inputs={"initiative": view.initiative, "claims": sum(len(one.claims) for one in view.savings)},
        as_at=view.as_at,
        as_known=view.as_known,
    )


async def trace_run(db: Reads, run: str, view: Asker) -> TracedAnswer:
    """Return what a run that is done found out. Raises RunNotFound, RunNotDone."""
    solved = await get_solved(db, run, sight=view.sight, as_known=view.as_known)
    row, answer = solved.row, solved.answer.model_dump(mode="json")
    stated = await get_statement(db, row.subject, row.version)
    exits = {item.contract for item in stated.terms.items if isinstance(item, ExitItem)}
    bought = {item.contract for item in stated.terms.items if isinstance(item, BuyOutItem)}
    about = [(kinds, tuple(sorted(several))) for kinds, several in ((EXITS, exits), (BUY_OUTS, bought)) if several]
    parts = {name: answer.pop(name) for name in ("explanation", "curve", "clashes")}
    rows = await db.fetch(_SOLVED, run)
    return TracedAnswer(
        kind="run",
        document={"plan": {name: value for name, value in answer.items() if name != "multipliers"}} | parts,
        digest=row.digest,
        causes=Causes(tuple(about)),
        lens=stated.terms.lens,
        inputs={
            "portfolio": row.subject,
            "version": row.version,
            "terms": stated.terms.model_dump(mode="json"),
            "problem": f"/v1/runs/{run}/proof",
        },
        as_at=row.as_at,
        as_known=row.as_known or row.requested_at,
        published_as=str(rows[0]["event_id"]) if rows else None,
        stated_at=row.requested_at,
        version=row.version,
    )


async def _simulation(db: Reads, subject: str, run: str, view: Asker) -> TracedAnswer:
    """Return what a simulation that is done found out. Raises CaseNotFound, SimulationNotFound."""
    case, _, version = subject.rpartition("/")
    found = await get_simulated(db, case, int(version), run, sight=view.sight, as_known=view.as_known)
    row, job, answer = found.row, found.job, found.answer
    return TracedAnswer(
        kind="simulation",
        document={"answer": answer.model_dump(mode="json")},
        digest=row.digest,
        causes=Causes((((CaseAppraised,), (case,)), (EXITS, contracts_of(job.inputs.causes)))),
        packs=tuple(sorted(set(answer.packs.values()))),
        lens=answer.lens,
        inputs={
            "case": case,
            "version": answer.version,
            "inputs_digest": answer.inputs_digest,
            "terms": job.terms.model_dump(mode="json", exclude_none=True),
        },
        as_at=row.as_at,
        as_known=row.as_known or row.requested_at,
        stated_at=row.requested_at,
        version=answer.version,
    )


def contracts_of(causes: Iterable[str]) -> tuple[str, ...]:
    """Return the contracts of which a case has prices, by what its inputs name as their causes."""
    return tuple(sorted({cause.split()[1] for cause in causes}))


_SOLVED = """
SELECT event_id FROM event_log WHERE name = 'PortfolioSolved' AND keys && ARRAY[$1]
 UNION ALL
SELECT event_id FROM outbox WHERE name = 'PortfolioSolved' AND keys && ARRAY[$1]
 LIMIT 1
"""


def _document(view: BaseModel) -> dict[str, Any]:
    return view.model_dump(mode="json")


async def _exit(db: Reads, found: Match[str], query: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    version = query.get("version")
    subject = await get_subject(db, found[1], sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    stated = await get_version(
        db,
        found[1],
        sight=view.sight,
        organisation=query.get("organisation", [None])[0],
        version=int(version[0]) if version else None,
        as_known=view.as_known,
    )
    assessed = await assess_version(db, stated, subject, as_at=view.as_at, as_known=view.as_known)
    return [trace_exit(view_of(assessed, as_at=view.as_at, as_known=view.as_known))]


async def _saving(db: Reads, found: Match[str], _: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    savings = await get_savings(db, found[1], sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    return [trace_savings(savings)]


async def _allowance(db: Reads, found: Match[str], _: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    year = FinancialYear.parse(found[2])
    allowance = await get_allowance(db, found[1], year, sight=view.sight, as_known=view.as_known)
    return [_allowance_answer(allowance, view)]


def _allowance_answer(allowance: ExplainedView, view: Asker) -> TracedAnswer:
    as_set, contracts = allowance.as_set, tuple(one.contract for one in allowance.support_charges.items)
    about: list[tuple[tuple[type[Event], ...], tuple[str, ...]]] = []
    if as_set is not None and as_set.published:
        about.append((COUNTS, (allowance.organisation,)))
    if allowance.moved:
        codes = {
            code for one in allowance.moved for code in (one.successor, *(each.predecessor for each in one.released))
        }
        about.append((SUCCESSIONS, tuple(sorted(codes))))
    if contracts:
        about.append((CHARGES, contracts))
    own = [as_set.event if as_set else None, *(one.event for one in allowance.moved)]
    return TracedAnswer(
        kind="allowance",
        document=_document(allowance),
        digest=allowance.digest,
        causes=Causes(tuple(about), _ids([*own, *(one.caused_by for one in allowance.moved)])),
        packs=tuple(
            dict.fromkeys([*([as_set.pack] if as_set else []), *(part.pack for part in allowance.parts if part.pack)])
        ),
        lens="organisation",
        inputs={"population": as_set.population, "source": as_set.source, "rate_pence": as_set.rate_pence}
        if as_set
        else {},
        as_known=view.as_known,
        published_as=as_set.event if as_set else None,
        stated_at=as_set.stated_at if as_set else None,
    )


def _ids(several: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({one for one in several if one}))


async def _buy_out(db: Reads, found: Match[str], _: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    shown = await get_buy_out(db, found[1], sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    return [
        TracedAnswer(
            kind="buy-out",
            document=_document(shown),
            digest=shown.digest,
            causes=Causes(((BUY_OUTS, (shown.contract,)),)),
            packs=tuple(shown.rule_packs),
            inputs={"terms_effective_on": str(shown.terms_effective_on), "equity_method": shown.equity_method},
            as_at=view.as_at,
            as_known=view.as_known,
            stated_at=shown.terms_stated_at,
        )
    ]


async def _buy_out_appraisal(
    db: Reads, found: Match[str], _: Mapping[str, list[str]], view: Asker
) -> list[TracedAnswer]:
    shown = await get_appraisal(db, found[1], sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    return [
        TracedAnswer(
            kind="buy-out",
            document=_document(shown),
            digest=shown.digest,
            causes=Causes(((BUY_OUTS, (shown.contract,)),)),
            packs=(shown.pack,),
            lens=shown.lens,
            inputs=shown.saving.model_dump(mode="json"),
            as_at=view.as_at,
            as_known=view.as_known,
            stated_at=shown.saving.stated_at,
        )
    ]


async def _cost_shift(db: Reads, found: Match[str], query: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    pairs = [one.partition(":") for one in query.get("exits", [])]
    replacements = {customer.upper(): int(pence) for customer, _, pence in pairs}
    shift = await get_cost_shift(
        db, found[1], replacements, sight=view.sight, as_at=view.as_at, as_known=view.as_known, field="answer"
    )
    return [trace_cost_shift(shift, {"exits": replacements})]


async def _delays(db: Reads, _: Match[str], query: Mapping[str, list[str]], view: Asker) -> list[TracedAnswer]:
    delays = await list_delays(
        db,
        sight=view.sight,
        as_at=view.as_at,
        as_known=view.as_known,
        proposal=query.get("proposal", [""])[0],
        limit=MOST_DELAYS,
    )
    return [_delay_answer(delay) for delay in delays]


def _delay_answer(delay: DelayView) -> TracedAnswer:
    about: list[tuple[tuple[type[Event], ...], tuple[str, ...]]] = [(CLOCKS, (delay.proposal,))]
    if delay.case is not None:
        about.append(((CaseAppraised,), (delay.case,)))
    return TracedAnswer(
        kind="delay",
        document=_document(delay),
        digest=delay.digest,
        causes=Causes(tuple(about)),
        packs=tuple(sorted(set(delay.packs.values()))),
        lens="organisation",
        inputs={"case": delay.case, "version": delay.version, "option": delay.option},
        as_at=delay.as_at,
        as_known=delay.as_known,
        version=delay.version,
    )


_ROUTES: Final[tuple[tuple[Any, _Loader], ...]] = (
    (pattern("/v1/exit-assessments/([A-Z0-9-]{6,40})"), _exit),
    (pattern("/v1/initiatives/([A-Za-z0-9._-]{1,100})/savings"), _saving),
    (pattern("/v1/allowances/([A-Z0-9]{1,12})/([0-9]{4}-[0-9]{2})"), _allowance),
    (pattern("/v1/buy-outs/([A-Z0-9-]{6,40})"), _buy_out),
    (pattern("/v1/buy-outs/([A-Z0-9-]{6,40})/appraisal"), _buy_out_appraisal),
    (pattern("/v1/suppliers/([A-Z0-9]{1,12})/cost-shift"), _cost_shift),
    (pattern("/v1/delays"), _delays),
)


_PUBLISHED = """
SELECT 'exit' AS kind, p.content, p.event, p.stated_at FROM published_exit_assessment p
 WHERE p.digest = $1 AND p.content <> '' AND p.stated_at <= $2
 UNION ALL
SELECT 'shift', content, event, stated_at FROM published_cost_shift WHERE digest = $1 AND stated_at <= $2
 UNION ALL
SELECT 'delay', content, '', stated_at FROM priced_delay WHERE digest = $1 AND content <> '' AND stated_at <= $2
"""
_RUNS = (
    "SELECT reference::text AS run, kind, subject FROM run WHERE digest = $1 AND state = 'done' ORDER BY id LIMIT 20"
)
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)


async def trace_published(db: Reads, digest: str, view: Asker) -> list[TracedAnswer]:
    """Return what was published under a digest, of what the caller reads."""
    found = []
    for row in await db.fetch(_PUBLISHED, digest, view.as_known or _ALWAYS):
        content = json.loads(row["content"])
        match row["kind"]:
            case "exit":
                answer = trace_exit(ExitAssessmentView.model_validate(content), row["event"])
            case "shift":
                answer = trace_cost_shift(CostShiftView.model_validate(content), {})
            case _:
                answer = _delay_answer(DelayView.model_validate(content))
        if await _is_read(db, answer, view):
            found.append(_as_published(answer, row["event"] or None, row["stated_at"]))
    for row in await db.fetch(_RUNS, digest):
        try:
            if row["kind"] == RunKind.SIMULATION:
                found.append(await _simulation(db, row["subject"], row["run"], view))
            else:
                found.append(await trace_run(db, row["run"], view))
        except DomainError:
            continue
    return found


def _as_published(answer: TracedAnswer, event: str | None, stated_at: datetime) -> TracedAnswer:
    return replace(answer, published_as=event, stated_at=stated_at, as_known=answer.as_known or stated_at)


async def _is_read(db: Reads, answer: TracedAnswer, view: Asker) -> bool:
    """Whether the caller reads what was published: by the rule of the answer itself."""
    document, sight = answer.document, view.sight
    match answer.kind:
        case "exit-assessment":
            return any(sight.sees(code) for code in (document["organisation"], *document["customers"]))
        case "cost-shift":
            return any(
                sight.sees(code) for code in (document["supplier"], *(one["code"] for one in document["parties"]))
            )
        case _:
            delays = await list_delays(
                db, sight=sight, as_at=view.as_at, as_known=None, proposal=document["proposal"], limit=MOST_DELAYS
            )
            return any(delay.body == document["body"] for delay in delays)
