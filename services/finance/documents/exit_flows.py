"""What the workbook of an exit assessment computes with: each exit's flows, and what each lens pays of them. Pure."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from services.finance.appraisals.discounting import Schedule
from services.finance.appraisals.inputs import StoredSchedule
from services.finance.core.flows import Flow
from services.finance.core.lenses import Lens, cost_in
from services.finance.exits.rules import ExitCosts, ExitInputs


class ExitFlow(BaseModel):
    """One flow of an exit, in a year of the horizon; `shares` by lens: 1, 0, or -1 of what the lens receives."""

    model_config = ConfigDict(frozen=True)

    kind: str
    nature: str
    payer: str
    payee: str
    on: date
    year: int
    pence: Fraction
    shares: tuple[int, ...]


class ExitFlows(BaseModel):
    """The exits on offer with their flows, the lenses, and the schedule that discounts them."""

    model_config = ConfigDict(frozen=True)

    base_year: int
    years: int
    schedule: StoredSchedule
    lenses: tuple[str, ...]
    exits: tuple[tuple[date, tuple[ExitFlow, ...]], ...]


def exit_flows(exits: Sequence[ExitCosts], lenses: Sequence[Lens], inputs: ExitInputs, schedule: Schedule) -> ExitFlows:
    """Return what a workbook computes present costs from; what falls outside the horizon counts nowhere."""
    first = inputs.base_year.start
    return ExitFlows(
        base_year=first,
        years=inputs.years,
        schedule=StoredSchedule.of(schedule),
        lenses=tuple(lens.name for lens in lenses),
        exits=tuple(
            (
                each.offered.exit_on,
                tuple(
                    _flow(flow, lenses, year)
                    for flow in each.flows
                    for year in (flow.financial_year.start - first,)
                    if 0 <= year < inputs.years and flow.pence
                ),
            )
            for each in exits
        ),
    )


def _flow(flow: Flow, lenses: Sequence[Lens], year: int) -> ExitFlow:
    return ExitFlow(
        kind=flow.kind,
        nature=flow.nature,
        payer=flow.payer,
        payee=flow.payee,
        on=flow.on,
        year=year,
        pence=flow.pence,
        shares=tuple(int(cost_in(lens, flow) / flow.pence) for lens in lenses),
    )
