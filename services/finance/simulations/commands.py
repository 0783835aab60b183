"""Requests simulations of a version, and cancels them."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from services.finance.appraisals.sensitivity import inputs_of, value_of
from services.finance.cases.commands import Moment, must_act_for
from services.finance.cases.presentation import CaseVersion, option_of
from services.finance.cases.queries import get_stored, get_version
from services.finance.cases.rules import digest_of
from services.finance.core.packs import pack_on
from services.finance.core.sight import sight_of
from services.finance.runs import queue
from services.finance.runs.queue import Requested
from services.finance.simulations.errors import SimulationUnsound
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.queries import KIND, get_simulation_row, subject_of
from services.finance.simulations.rules import Cells, faults_of
from services.finance.simulations.terms import SimulationTerms

_MODEL = 2
"""The version of the arithmetic: another one gives the same question another digest."""
_WEIGHTS = "distributional-weights"


async def request_simulation(
    session: AsyncSession,
    case: str,
    version: int,
    terms: SimulationTerms,
    *,
    moment: Moment,
    as_at: date | None,
    as_known: datetime | None,
) -> Requested:
    """Queue a simulation of a version as known, unless the same was requested before.

    `as_at` is the day whose packs a draft is appraised with. Raises CaseNotFound, NotYoursToDecide, InputNotFound,
    SimulationUnsound, NoPackInForce, TooManyRuns, and what is wrong with a draft by now.
    """
    connection = await raw(session)
    sight = await sight_of(connection, moment.by)
    stored = await get_stored(connection, case, version, sight=sight, as_known=as_known)
    await must_act_for(session, stored.organisation, moment)
    found = await get_version(
        connection,
        case,
        version,
        sight=sight,
        as_at=as_at,
        as_known=as_known,
        discounting=terms.discounting,
        stated_at=moment.stated_at,
    )
    job = _job(found, terms, on=as_at or stored.on, as_known=as_known)
    return await queue.request(
        connection,
        kind=KIND,
        subject=subject_of(found.case, version),
        version=found.revision,
        digest=digest_of({"model": _MODEL, "job": job.model_dump(mode="json")}),
        inputs=job.model_dump_json(),
        organisations=[found.organisation],
        by=moment.by,
        at=moment.stated_at,
        as_at=as_at or stored.on,
        # A frozen version has what was known when it was frozen.
        as_known=stored.stated_at if stored.is_frozen else as_known,
    )


def _job(version: CaseVersion, terms: SimulationTerms, *, on: date, as_known: datetime | None) -> SimulationJob:
    """Return what the process is asked. Raises InputNotFound, SimulationUnsound with every reason, NoPackInForce."""
    each, inputs = option_of(version, terms.option, terms.lens), version.inputs
    option = each.option
    cells = Cells(
        values={name: value_of(inputs, each, name) for name in inputs_of(each)},
        lines=frozenset(line.line for line in option.lines if line.line in each.by_input),
        risks=frozenset(risk.risk for risk in option.risks if risk.risk in each.by_input),
        years=inputs.years,
    )
    if faults := faults_of(terms, cells):
        raise SimulationUnsound("; ".join(fault.message for fault in faults[:20]), reasons=faults)
    pack = None if terms.weights is None else pack_on(on, subject=_WEIGHTS, as_known=as_known)
    return SimulationJob(
        case=version.case,
        version=version.version,
        revision=version.revision,
        inputs_digest=version.inputs_digest,
        inputs=inputs,
        option=option.option,
        lens=each.lens,
        terms=terms,
        elasticity="" if pack is None else str(pack.values["elasticity"]),
        weights_pack="" if pack is None else pack.id,
    )


async def cancel_simulation(session: AsyncSession, case: str, version: int, run: str, *, moment: Moment) -> None:
    """Cancel a simulation; nothing happens where it has ended.

    Raises CaseNotFound, SimulationNotFound, NotYoursToDecide.
    """
    connection = await raw(session)
    sight = await sight_of(connection, moment.by)
    await get_simulation_row(connection, case, version, run, sight=sight)
    stored = await get_stored(connection, case, version, sight=sight)
    await must_act_for(session, stored.organisation, moment)
    await queue.cancel(connection, run)
