"""Answers what the allowance of a body would be, before it is open: by the rate as known, a range where it is one."""

from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.money import pounds
from libs.common.process.clock import day_of
from services.finance.allowances.counts import counts_of
from services.finance.allowances.errors import PopulationNotFound
from services.finance.allowances.rates import allowance_pence, rate_of
from services.finance.allowances.views import IndicativeView
from services.finance.core.models import known
from services.finance.core.years import FinancialYear


async def get_indicative(
    db: Reads, code: str, year: FinancialYear, *, population: int | None, today: date, as_known: datetime | None
) -> IndicativeView:
    """Return rate times people, as known: of the people named, or of those whom the registry counted last.

    Drafts count, so that the range of the first one is the answer of its time. Raises NoRateYet, PopulationNotFound.
    """
    rate = rate_of(year, as_known=as_known, with_drafts=True)
    day = day_of(as_known) if as_known else today
    counted = None
    if population is None:
        counts = await counts_of(db, [code], basis=rate.basis, as_at=max(year.first_day, day), as_known=as_known)
        if code not in counts:
            known_then = f" as known at {as_known.isoformat()}" if as_known else ""
            raise PopulationNotFound(f"{code}: the registry has published no {rate.basis} population{known_then}")
        counted = counts[code]
        population = counted.people
    body = await known.status(db, code, as_at=day, as_known=as_known)
    low = allowance_pence(rate.pence, population, year, year.days)
    high = allowance_pence(rate.high_pence, population, year, year.days)
    return IndicativeView(
        organisation=code,
        financial_year=str(year),
        indicative=body.status != "open" or rate.pack.weight == "advisory",
        status=body.status,
        population=population,
        basis=rate.basis,
        counted_on=counted and counted.effective_on,
        source=counted.source if counted else None,
        rate_pence=rate.pence,
        rate_pence_high=rate.high_pence,
        rate_found=rate.found,
        pack=rate.pack.id,
        citation=rate.pack.citation,
        stated_at=rate.pack.stated_at,
        amount_pence=low,
        amount_pence_high=high,
        amount=pounds(low) if low == high else f"{pounds(low)} to {pounds(high)}",
        as_known=as_known,
    )
