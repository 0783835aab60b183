"""Reads the figures of bodies by year, and the successions between them, as known."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal

from libs.common.database.connection import Reads
from libs.common.money import pounds
from libs.organisations.boundaries import Step, Steps, get_steps
from libs.organisations.mergers import mergers_by_reference
from services.finance.accounts.queries import list_posted
from services.finance.accounts.rules import NET_ASSETS, chart_on
from services.finance.allowances.counts import counts_by_year
from services.finance.core.deflators import Deflator, deflator_of, vintages
from services.finance.core.models import known
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight
from services.finance.core.years import FIRST_YEAR, LAST_YEAR, FinancialYear
from services.finance.series.errors import NoDeflator
from services.finance.series.plans import leading_to, list_agreed, with_agreed
from services.finance.series.rules import BridgeLine, Figure, Key, Move, bridge, in_prices, moves, summed, unstated
from services.finance.series.views import (
    AbsorbedView,
    AbsorptionView,
    BridgeLineView,
    BridgeView,
    SeriesRowView,
    UnstatedView,
)

Measure = Literal["spend", "net_assets", "population"]
Series = Literal["statutory", "management"]

_NOW: Final = datetime.max.replace(tzinfo=UTC)
_SPEND: Final = ("expenditure", "income")

_CLOSED = """
SELECT c.organisation_code, c.period, l.account, l.amount_pence
  FROM ledger_close c JOIN ledger_close_line l ON l.close_id = c.id
 WHERE c.series = 'statutory' AND c.stated_at <= $2 AND ($1::text[] IS NULL OR c.organisation_code = ANY($1))
   AND c.period BETWEEN $3 AND $4
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some bodies as known, the statutory series that they give, and who succeeded whom."""

    figures: list[Figure]
    own: dict[Key, int]
    steps: Steps
    packs: set[str] = field(default_factory=set)


async def get_figures(
    db: Reads,
    codes: Collection[str] | None,
    *,
    sight: Sight,
    today: date,
    measure: Measure,
    years: tuple[FinancialYear, FinancialYear],
    basis: str,
    planned: bool,
    as_known: datetime | None,
) -> Figures:
    """Return the figures of these bodies (None: of all), and of those from which something came to them.

    `planned`: or will come, by mergers that are agreed for a day.
    """
    agreed = await list_agreed(db, sight=sight, as_known=as_known) if planned else []
    concerned_by = None if codes is None else leading_to(codes, agreed)
    steps = with_agreed(await get_steps(db, known.successions, concerned_by, as_known=as_known), agreed)
    steps = _released(steps, sight, today)
    concerned = None if codes is None else {*codes, *steps}
    if measure == "population":
        figures = [
            Figure(code, year.start, "", count.people, count.effective_on)
            for (code, year), count in (
                await counts_by_year(db, concerned, basis=basis, years=years, as_known=as_known)
            ).items()
        ]
        return Figures(figures, summed((one.key, one.amount) for one in figures), steps)
    return await _money(db, concerned, steps, measure=measure, years=years, as_known=as_known)


async def _money(
    db: Reads,
    codes: Collection[str] | None,
    steps: Steps,
    *,
    measure: Measure,
    years: tuple[FinancialYear, FinancialYear],
    as_known: datetime | None,
) -> Figures:
    first, last = years[0].first_day, years[1].last_day
    kinds = NET_ASSETS if measure == "net_assets" else _SPEND
    chart = chart_on(last, as_known=as_known)
    wanted = {code for code, account in chart.accounts.items() if account.kind in kinds}
    # A code without an account is shown as spend: no series may lose it.
    accounts = wanted | ({""} if measure == "spend" else set())
    posted = await list_posted(db, codes, from_=first, to=last, as_known=as_known)
    asked = None if codes is None else sorted(codes)
    closed = await db.fetch(_CLOSED, asked, as_known or _NOW, f"{first:%Y-%m}", f"{last:%Y-%m}")
    closed_periods = {(row["organisation_code"], row["period"]) for row in closed}
    lines: list[tuple[Key, int]] = [
        ((row["organisation_code"], _year_of(row["period"]), row["account"]), row["amount_pence"]) for row in closed
    ]
    figures: list[Figure] = []
    for one in posted:
        year = FinancialYear.of(one.posted_on).start
        figure = Figure(one.organisation, year, one.account or "", one.amount_pence, one.posted_on)
        if (one.organisation, f"{one.posted_on:%Y-%m}") not in closed_periods:
            lines.append((figure.key, figure.amount))
        figures.append(figure)
    return Figures(
        [one for one in figures if one.account in accounts],
        summed((key, amount) for key, amount in lines if key[2] in accounts),
        steps,
        {chart.pack} - {""},
    )


def _year_of(period: str) -> int:
    return FinancialYear.of(date.fromisoformat(f"{period}-01")).start


def _released(steps: Steps, sight: Sight, today: date) -> Steps:
    """Return successions without those to come of bodies that the caller does not read: they release nothing yet."""
    released = {
        code: [step for step in several if step.effective_on <= today or sight.sees(code)]
        for code, several in steps.items()
    }
    return {code: several for code, several in released.items() if several}


async def list_series(
    db: Reads,
    organisation: str | None,
    *,
    sight: Sight,
    today: date,
    measure: Measure,
    series: Series,
    years: tuple[FinancialYear, FinancialYear],
    boundaries: date,
    basis: str,
    planned: bool,
    as_known: datetime | None,
    after: Key | None,
    limit: int,
) -> list[SeriesRowView]:
    """Return the figures in a series of what the caller sees, by body, year and account after the cursor."""
    codes = sight.among(None if organisation is None else [organisation])
    found = await get_figures(
        db,
        codes,
        sight=sight,
        today=today,
        measure=measure,
        years=years,
        basis=basis,
        planned=planned,
        as_known=as_known,
    )
    rows = found.own if series == "statutory" else summed(_keyed(moves(found.figures, boundaries, found.steps)))
    return [
        SeriesRowView(organisation=key[0], financial_year=str(FinancialYear(key[1])), account=key[2], amount=amount)
        for key, amount in rows.items()
        if (codes is None or key[0] in codes) and (after is None or key > after)
    ][:limit]


def _keyed(moved: list[Move]) -> list[tuple[Key, int]]:
    return [(one.key, one.amount) for one in moved]


async def get_bridge(
    db: Reads,
    code: str,
    year: FinancialYear,
    *,
    sight: Sight,
    today: date,
    measure: Measure,
    boundaries: date,
    prices: FinancialYear | None,
    basis: str,
    planned: bool,
    as_known: datetime | None,
) -> BridgeView:
    """Return the lines from a body's statutory figure of a year to its management figure, as known.

    Raises NoDeflator where prices are asked for of a year without one.
    """
    years, of = (year, year), [code]
    found = await get_figures(
        db, of, sight=sight, today=today, measure=measure, years=years, basis=basis, planned=planned, as_known=as_known
    )
    moved = moves(found.figures, boundaries, found.steps)
    lines = bridge(code, year.start, found.own, found.figures, moved)
    own = sum(amount for key, amount in found.own.items() if key[:2] == (code, year.start))
    packs = set(found.packs)
    if prices is not None and measure != "population":
        deflator = _deflator(year, prices, as_known)
        lines.append(_price_base(own + sum(line.amount for line in lines), deflator, year, prices))
        packs.add(deflator.pack)
    return BridgeView(
        organisation=code,
        financial_year=str(year),
        measure=measure,
        boundaries_on=boundaries,
        statutory=own,
        lines=[_line(line) for line in lines],
        management=own + sum(line.amount for line in lines),
        absorptions=await _absorptions(db, code, year, as_known=as_known),
        not_restated=[_unstated(one) for one in unstated(moved)],
        prices=str(prices) if prices else None,
        packs=sorted(packs),
        as_known=as_known,
    )


def _price_base(nominal: int, deflator: Deflator, year: FinancialYear, prices: FinancialYear) -> BridgeLine:
    real = in_prices(nominal, deflator.indices[year.start], deflator.indices[prices.start])
    return BridgeLine("price_base", real - nominal)


def _unstated(step: Step) -> UnstatedView:
    return UnstatedView(
        organisation=step.code, successor=step.successor, effective_on=step.effective_on, shape=step.shape
    )


def _line(line: BridgeLine) -> BridgeLineView:
    return BridgeLineView(
        kind=line.kind,
        account=line.account,
        body=line.body,
        share=line.share,
        effective_on=line.effective_on,
        merger=line.merger,
        amount=line.amount,
    )


def _deflator(year: FinancialYear, prices: FinancialYear, as_known: datetime | None) -> Deflator:
    """Return the vintage of deflators stated last, as known, of those that have both years. Raises NoDeflator."""
    for pack in vintages(PACKS, as_known=as_known):
        deflator = deflator_of(pack)
        if deflator.has(year.start, prices.start):
            return deflator
    raise NoDeflator(f"no deflator that is known has both {year} and {prices}")


async def _absorptions(db: Reads, code: str, year: FinancialYear, *, as_known: datetime | None) -> list[AbsorptionView]:
    """Return what came to a body by the mergers of a year: the net assets of each predecessor on the day before."""
    instant = as_known or _NOW
    absorptions: list[AbsorptionView] = []
    for merger in await mergers_by_reference(db, known.successions):
        if merger.successor != code or merger.effective_on not in year or not merger.is_believed_at(instant):
            continue
        before = (FinancialYear(FIRST_YEAR), FinancialYear(min(year.start, LAST_YEAR)))
        found = await _money(db, merger.predecessors, {}, measure="net_assets", years=before, as_known=as_known)
        had = {
            one: sum(f.amount for f in found.figures if f.organisation == one and f.day < merger.effective_on)
            for one in merger.predecessors
        }
        gain = sum(had.values())
        absorptions.append(
            AbsorptionView(
                merger=merger.reference,
                effective_on=merger.effective_on,
                predecessors=[AbsorbedView(organisation=one, net_assets_pence=amount) for one, amount in had.items()],
                gain_pence=gain,
                gain=pounds(gain),
            )
        )
    return absorptions
