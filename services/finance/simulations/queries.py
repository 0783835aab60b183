"""Reads the simulations of a version: those of its revisions that the caller reads."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.common.database.connection import Reads
from services.finance.cases.queries import Stored, get_stored
from services.finance.core.sight import Sight
from services.finance.runs import queue
from services.finance.runs.models import RunKind
from services.finance.runs.queue import RunRow
from services.finance.simulations.errors import SimulationNotFound
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.terms import SimulationTerms
from services.finance.simulations.views import SimulationAnswer, SimulationProgress, SimulationView

KIND = RunKind.SIMULATION
_LAST = 2**62
_ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation that is done, with what its process was asked and its answer."""

    row: RunRow
    job: SimulationJob
    answer: SimulationAnswer


def subject_of(case: str, version: int) -> str:
    """Return what the runs of a version are of."""
    return f"{case}/{version}"


def _revision_read(stored: Stored, sight: Sight) -> int | None:
    """Return the one revision whose simulations a caller reads: of a draft its organisation alone reads any (None)."""
    return None if sight.sees(stored.organisation) else stored.revision


async def get_simulation_row(
    db: Reads, case: str, version: int, run: str, *, sight: Sight, as_known: datetime | None = None
) -> RunRow:
    """Return the run of a simulation, requested by an instant. Raises CaseNotFound, SimulationNotFound."""
    stored = await get_stored(db, case, version, sight=sight, as_known=as_known)
    row, revision = await queue.find_run(db, run, KIND), _revision_read(stored, sight)
    if (
        row is None
        or row.subject != subject_of(stored.case, version)
        or row.requested_at > (as_known or _ALWAYS)
        or revision not in (None, row.version)
    ):
        raise SimulationNotFound(f"no simulation {run} of version {version} of {case} is known")
    return row


async def get_simulation(
    db: Reads, case: str, version: int, run: str, *, sight: Sight, as_known: datetime | None = None
) -> SimulationView:
    """Return a simulation with what was asked, and its answer once it is done.

    Raises CaseNotFound, SimulationNotFound.
    """
    row = await get_simulation_row(db, case, version, run, sight=sight, as_known=as_known)
    asked = json.loads(await queue.get_inputs(db, row.reference))
    return _view(row, SimulationTerms.model_validate(asked["terms"]))


async def get_simulated(
    db: Reads, case: str, version: int, run: str, *, sight: Sight, as_known: datetime | None
) -> Simulated:
    """Return a simulation that is done with all that its answer follows from.

    Raises CaseNotFound, SimulationNotFound, also where it is not done.
    """
    row = await get_simulation_row(db, case, version, run, sight=sight, as_known=as_known)
    if row.result is None:
        raise SimulationNotFound(f"simulation {run} of version {version} of {case} is {row.state}")
    job = SimulationJob.model_validate_json(await queue.get_inputs(db, row.reference))
    return Simulated(row, job, SimulationAnswer.model_validate_json(row.result))


async def list_simulations(
    db: Reads,
    case: str,
    version: int,
    *,
    sight: Sight,
    as_known: datetime | None,
    before: int | None,
    limit: int,
) -> list[tuple[int, SimulationView]]:
    """Return the simulations of a version that were requested by an instant, the latest first. Raises CaseNotFound."""
    stored = await get_stored(db, case, version, sight=sight, as_known=as_known)
    rows = await queue.list_runs(
        db,
        kind=KIND,
        subject=subject_of(stored.case, version),
        as_known=as_known or _ALWAYS,
        before=_LAST if before is None else before,
        limit=limit,
        version=_revision_read(stored, sight),
    )
    return [(row.id, _view(row, None)) for row in rows]


def _view(row: RunRow, terms: SimulationTerms | None) -> SimulationView:
    case, _, version = row.subject.rpartition("/")
    return SimulationView(
        simulation=row.reference,
        case=case,
        version=int(version),
        revision=row.version,
        state=row.state,
        digest=row.digest,
        requested_at=row.requested_at,
        progress=None if row.progress is None else SimulationProgress.model_validate_json(row.progress),
        reason=row.reason,
        terms=terms,
        answer=None if row.result is None else SimulationAnswer.model_validate_json(row.result),
    )
