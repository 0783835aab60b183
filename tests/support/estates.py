"""Workbooks of ERIC made in a test, and trusts with the footprints that they are in."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx
import xlsxwriter

from libs.common.events.registry import OrganisationOpened, OrganisationRelated
from libs.common.identity import Caller, Role
from services.finance.core.packs import pack_on
from services.finance.core.years import FinancialYear

OPENED = date(2013, 4, 1)
HEADER = ("Organisation Code", "Organisation Name", "Site Code", "Site Name")
RISK = "Risk adjusted backlog cost (£)"
"""A column of the real sheets that is not read."""

Site = tuple[str, str, Any, Any, Any, Any]
"""Organisation, site, and the costs of high, significant, moderate and low risk, in pounds."""
Scheme = tuple[Any, ...]
"""Organisation, site, name, and what the year's pack asks for, in its order."""


def a_workbook(sites: Sequence[Site], schemes: Sequence[Scheme] = (), *, year: str = "2016-17") -> bytes:
    """The workbook of a year with these sites and schemes, as .xlsx."""
    values = pack_on(FinancialYear.parse(year).last_day, subject="eric-workbook").values
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Site Data")
        sheet.write(0, 4, "Backlog")
        sheet.write_row(1, 0, [*HEADER, RISK, *values["backlog"].values()])
        for number, (code, site, *figures) in enumerate(sites, 2):
            sheet.write_row(number, 0, [code, f"TRUST {code}" if site else "", site, f"SITE {site}", 1, *figures])
        if "schemes" in values:
            sheet = book.add_worksheet("PFI Data")
            sheet.write_row(1, 0, [*HEADER, "Scheme Name", *values["schemes"].values()])
            for number, (code, site, name, *figures) in enumerate(schemes, 2):
                sheet.write_row(number, 0, [code, f"TRUST {code}", site, f"SITE {site}", name, *figures])
    return out.getvalue()


def at(day: date) -> datetime:
    """Nine o'clock on a day."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def an_organisation(code: str, kind: str = "nhs_trust") -> OrganisationOpened:
    """The registry opened it."""
    return OrganisationOpened(effective_on=OPENED, stated_at=at(OPENED), code=code, name=f"BODY {code}", kind=kind)


def in_footprint(
    code: str, footprint: str, *, relation: str = "partner in", since: date = OPENED, until: date | None = None
) -> OrganisationRelated:
    """The registry relates it to a footprint."""
    return OrganisationRelated(
        effective_on=since, stated_at=at(since), code=code, relation=relation, other=footprint, until=until
    )


async def take(
    client: httpx.AsyncClient,
    content: bytes,
    *,
    year: str = "2016-17",
    file: str = "eric.xlsx",
    expect: int = 201,
    **more: Any,
) -> dict[str, Any]:
    """Send a workbook."""
    answer = await client.post(
        "/v1/estates/workbooks", params={"year": year, "file": file}, content=content, timeout=60, **more
    )
    assert answer.status_code == expect, answer.text[:2_000]
    found: dict[str, Any] = answer.json()
    return found


def a_national_lead() -> Caller:
    """A finance lead of every organisation."""
    return Caller(subject="lead", roles=frozenset({Role.FINANCE_LEAD}), organisations=frozenset({"*"}))
