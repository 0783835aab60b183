"""Reads workbooks, their rows, what organisations returned, years and PFI schemes, as known at an instant."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.money import pounds
from services.finance.core.years import FinancialYear
from services.finance.estates.errors import WorkbookNotFound
from services.finance.estates.sheets import FIGURES, SCHEMES, Amounts, Return, RowVerdict
from services.finance.estates.views import (
    BacklogAmountsView,
    BacklogOfYearView,
    BacklogYearsView,
    RowFigureView,
    SchemesOfYearView,
    SchemeView,
    VerdictOfRowsView,
    WorkbookRowView,
    WorkbookView,
)

NOW: Final = datetime.max.replace(tzinfo=UTC)

_CURRENT = """
SELECT DISTINCT ON (financial_year, organisation) *
  FROM estate_return
 WHERE stated_at <= $1 AND ($2::int IS NULL OR financial_year = $2)
   AND ($3::text IS NULL OR organisation = $3) AND ($4::text IS NULL OR organisation > $4)
 ORDER BY financial_year, organisation, stated_at DESC, workbook_id DESC
"""

_RETURNS = f"""
SELECT r.*, w.digest FROM ({_CURRENT} LIMIT $5) r JOIN estate_workbook w ON w.id = r.workbook_id
 ORDER BY r.organisation
"""  # noqa: S608  (only what stands above is put in)

_YEARS = f"""
SELECT financial_year, count(*)::int AS organisations, sum(sites)::int AS sites,
       sum(sites_without_figure)::int AS sites_without_figure, sum(schemes)::int AS schemes,
       sum(high_pence)::bigint AS high_pence, sum(significant_pence)::bigint AS significant_pence,
       sum(moderate_pence)::bigint AS moderate_pence, sum(low_pence)::bigint AS low_pence
  FROM ({_CURRENT}) r GROUP BY financial_year ORDER BY financial_year
"""  # noqa: S608  (only what stands above is put in)

_WORKBOOKS = """
SELECT w.id, w.digest, w.file, w.financial_year, w.pack, w.stated_at, w.findings,
       r.organisations, r.sites, r.sites_without_figure, r.schemes,
       r.high_pence, r.significant_pence, r.moderate_pence, r.low_pence
  FROM estate_workbook w
 CROSS JOIN LATERAL (
       SELECT count(*)::int AS organisations, sum(sites)::int AS sites,
              sum(sites_without_figure)::int AS sites_without_figure, sum(schemes)::int AS schemes,
              sum(high_pence)::bigint AS high_pence, sum(significant_pence)::bigint AS significant_pence,
              sum(moderate_pence)::bigint AS moderate_pence, sum(low_pence)::bigint AS low_pence
         FROM estate_return WHERE workbook_id = w.id AND stated_at = w.stated_at) r
 WHERE w.stated_at <= $1 AND ($2::text IS NULL OR w.digest = $2) AND ($3::int IS NULL OR w.financial_year = $3)
   AND w.id > $4
 ORDER BY w.id LIMIT $5
"""

_VERDICTS = """
SELECT workbook_id, sheet, verdict, count(*)::int AS rows, (count(*) FILTER (WHERE finding <> ''))::int AS findings
  FROM estate_row WHERE workbook_id = ANY($1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_ROWS = """
SELECT r.* FROM estate_row r JOIN estate_workbook w ON w.id = r.workbook_id
 WHERE w.digest = $1 AND w.stated_at <= $2
   AND ($3::text[] IS NULL OR r.verdict = ANY($3)) AND ($4::text IS NULL OR r.organisation = $4)
   AND (NOT $5 OR r.finding <> '') AND (r.sheet, r.line) > ($6, $7)
 ORDER BY r.sheet, r.line LIMIT $8
"""

_SCHEMES = f"""
SELECT s.organisation, s.name, s.site, s.site_name, s.scheme, r.financial_year, s.pence, s.finding, s.line, w.digest
  FROM ({_CURRENT}) r
  JOIN estate_row s ON s.workbook_id = r.workbook_id AND s.organisation = r.organisation
  JOIN estate_workbook w ON w.id = r.workbook_id
 WHERE s.sheet = '{SCHEMES}' AND s.verdict IN ('{RowVerdict.TAKEN}', '{RowVerdict.NO_FIGURE}')
"""  # noqa: S608  (only what stands above is put in)
_PAGE_OF_SCHEMES = f"""
{_SCHEMES} AND (s.organisation, s.site, s.scheme) > ($5, $6, $7)
 ORDER BY s.organisation, s.site, s.scheme LIMIT $8
"""
_SUM_OF_SCHEMES = f"""
SELECT count(*)::int AS schemes, count(DISTINCT organisation)::int AS organisations,
       {", ".join(f"sum(pence[{number}])::bigint AS {name}" for number, name in enumerate(FIGURES[SCHEMES], 1))}
  FROM ({_SCHEMES}) all_of_them
"""  # noqa: S608  (only what stands above is put in)


def amounts_view(amounts: Amounts) -> BacklogAmountsView:
    """Return backlog by category as it is shown."""
    return BacklogAmountsView(
        high_pence=amounts.high,
        significant_pence=amounts.significant,
        moderate_pence=amounts.moderate,
        low_pence=amounts.low,
        high_and_significant_pence=amounts.high + amounts.significant,
        total_pence=amounts.total,
        total=pounds(amounts.total),
    )


@dataclass(frozen=True, slots=True)
class StatedReturn:
    """What an organisation returned for a year, by the workbook stated last."""

    of: Return
    workbook: str
    stated_at: datetime


async def list_returns(
    db: Reads,
    year: FinancialYear,
    *,
    as_known: datetime | None,
    organisation: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[StatedReturn]:
    """Return what organisations returned for a year, by code."""
    rows = await db.fetch(_RETURNS, as_known or NOW, year.start, organisation, after, limit)
    return [
        StatedReturn(
            Return(
                organisation=row["organisation"],
                name=row["name"],
                sites=row["sites"],
                without_figure=row["sites_without_figure"],
                schemes=row["schemes"],
                amounts=_amounts(row),
            ),
            row["digest"],
            row["stated_at"],
        )
        for row in rows
    ]


def _amounts(row: Any) -> Amounts:
    return Amounts(*(row[f"{name}_pence"] or 0 for name in ("high", "significant", "moderate", "low")))


async def list_workbooks(
    db: Reads,
    *,
    year: FinancialYear | None,
    as_known: datetime | None,
    after: int = 0,
    limit: int = 1,
    digest: str | None = None,
) -> list[tuple[int, WorkbookView]]:
    """Return the workbooks that were taken, in that order, each with its number."""
    start = year and year.start
    rows = await db.fetch(_WORKBOOKS, as_known or NOW, digest, start, after, limit)
    verdicts: dict[int, list[Any]] = defaultdict(list)
    for row in await db.fetch(_VERDICTS, [row["id"] for row in rows]):
        verdicts[row["workbook_id"]].append(row)
    return [(row["id"], _workbook(row, verdicts[row["id"]])) for row in rows]


async def get_workbook(db: Reads, digest: str, *, as_known: datetime | None) -> WorkbookView:
    """Return one workbook. Raises WorkbookNotFound."""
    found = await list_workbooks(db, year=None, as_known=as_known, digest=digest)
    if not found:
        raise WorkbookNotFound(f"no workbook {digest} was taken")
    return found[0][1]


def _workbook(row: Any, verdicts: Sequence[Any]) -> WorkbookView:
    return WorkbookView(
        workbook=row["digest"],
        file=row["file"],
        financial_year=str(FinancialYear(row["financial_year"])),
        rule_pack=row["pack"],
        stated_at=row["stated_at"],
        organisations=row["organisations"],
        sites=row["sites"],
        sites_without_figure=row["sites_without_figure"],
        schemes=row["schemes"],
        backlog=amounts_view(_amounts(row)),
        verdicts=[VerdictOfRowsView(sheet=one["sheet"], verdict=one["verdict"], rows=one["rows"]) for one in verdicts],
        rows_with_finding=sum(one["findings"] for one in verdicts),
        findings=row["findings"],
    )


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows of a workbook are asked for."""

    verdicts: Sequence[str] | None = None
    organisation: str | None = None
    with_finding: bool = False


async def list_rows(
    db: Reads, digest: str, asked: RowFilter, *, as_known: datetime | None, after: tuple[str, int], limit: int
) -> list[WorkbookRowView]:
    """Return rows of a workbook, by sheet and line."""
    given = (asked.verdicts, asked.organisation, asked.with_finding)
    rows = await db.fetch(_ROWS, digest, as_known or NOW, *given, *after, limit)
    return [
        WorkbookRowView(
            sheet=row["sheet"],
            line=row["line"],
            verdict=row["verdict"],
            organisation=row["organisation"],
            name=row["name"],
            site=row["site"],
            site_name=row["site_name"],
            scheme=row["scheme"],
            figures=[
                RowFigureView(name=name, pence=pence)
                for name, pence in zip(FIGURES[row["sheet"]], row["pence"], strict=True)
            ],
            finding=row["finding"],
        )
        for row in rows
    ]


async def get_years(db: Reads, *, as_known: datetime | None) -> BacklogYearsView:
    """Return the backlog of every year, all organisations together."""
    rows = await db.fetch(_YEARS, as_known or NOW, None, None, None)
    years = [
        BacklogOfYearView(
            financial_year=str(FinancialYear(row["financial_year"])),
            organisations=row["organisations"],
            sites=row["sites"],
            sites_without_figure=row["sites_without_figure"],
            schemes=row["schemes"],
            backlog=amounts_view(_amounts(row)),
        )
        for row in rows
    ]
    return BacklogYearsView(years=years, as_known=as_known)


async def list_schemes(
    db: Reads,
    year: FinancialYear,
    *,
    organisation: str | None,
    as_known: datetime | None,
    after: tuple[str, str, str],
    limit: int,
) -> list[SchemeView]:
    """Return the PFI schemes of a year, by organisation, site and name."""
    rows = await db.fetch(_PAGE_OF_SCHEMES, as_known or NOW, year.start, organisation, None, *after, limit)
    return [
        SchemeView(
            organisation=row["organisation"],
            name=row["name"],
            site=row["site"],
            site_name=row["site_name"],
            scheme=row["scheme"],
            financial_year=str(year),
            **_figures(row["pence"]),
            finding=row["finding"],
            workbook=row["digest"],
            line=row["line"],
        )
        for row in rows
    ]


async def get_schemes_of_year(db: Reads, year: FinancialYear, *, as_known: datetime | None) -> SchemesOfYearView:
    """Return what the PFI schemes of a year cost together."""
    [row] = await db.fetch(_SUM_OF_SCHEMES, as_known or NOW, year.start, None, None)
    return SchemesOfYearView(
        financial_year=str(year),
        organisations=row["organisations"],
        schemes=row["schemes"],
        **_figures([row[name] for name in FIGURES[SCHEMES]]),
        as_known=as_known,
    )


def _figures(pence: Sequence[int | None]) -> dict[str, Any]:
    return {f"{name}_pence": amount for name, amount in zip(FIGURES[SCHEMES], pence, strict=True)}
