"""Answers about workbooks, their rows, years and PFI schemes."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.finance.estates.sheets import RowVerdict


class BacklogAmountsView(BaseModel):
    """Backlog by category, in pence."""

    high_pence: int = Field(description="Urgent: catastrophic failure, serious injury or prosecution.")
    significant_pence: int = Field(description="A priority in the short term.")
    moderate_pence: int = Field(description="In the medium term.")
    low_pence: int = Field(description="In planned programmes.")
    high_and_significant_pence: int
    total_pence: int
    total: str = Field(examples=["£5,545,490,873.00"])


class VerdictOfRowsView(BaseModel):
    """How many rows of a sheet have a verdict."""

    sheet: str = Field(description="`sites` or `schemes`.", examples=["sites"])
    verdict: RowVerdict
    rows: int


class WorkbookView(BaseModel):
    """A workbook that was taken, and what became of its rows."""

    workbook: str = Field(description="SHA-256 of its bytes.")
    file: str = Field(examples=["ERIC-2016-17.xls"])
    financial_year: str = Field(examples=["2016-17"])
    rule_pack: str = Field(description="By which it was read.", examples=["eric-2016"])
    stated_at: datetime
    organisations: int
    sites: int
    sites_without_figure: int
    schemes: int
    backlog: BacklogAmountsView
    verdicts: list[VerdictOfRowsView]
    rows_with_finding: int
    findings: list[str] = Field(
        description="What was odd about it as a whole when it was taken: organisations that are not known, and those "
        "that an earlier workbook of the year names and this one does not."
    )


class RowFigureView(BaseModel):
    """A figure of a row."""

    name: str = Field(description="`high` to `low` of a site; of a PFI scheme what it costs.", examples=["high"])
    pence: int | None = Field(description="null: no figure.")


class WorkbookRowView(BaseModel):
    """A row of a sheet, with its verdict and what is odd about it."""

    sheet: str = Field(examples=["sites"])
    line: int = Field(description="The row of the sheet, the first one is 1.")
    verdict: RowVerdict = Field(
        description="`taken`; `no_figure`: a site without any figure, which is counted; `subtotal` and `repeated`: not "
        "counted twice; `refused`: it cannot be read."
    )
    organisation: str = Field(examples=["RTD"])
    name: str
    site: str = Field(examples=["RTD01"])
    site_name: str
    scheme: str = Field(description="Of a PFI scheme.")
    figures: list[RowFigureView]
    finding: str = Field(description="Empty where there is nothing to say.")


class BacklogOfYearView(BaseModel):
    """The backlog of all organisations that workbooks name for a year."""

    financial_year: str = Field(examples=["2016-17"])
    organisations: int
    sites: int
    sites_without_figure: int
    schemes: int
    backlog: BacklogAmountsView


class BacklogYearsView(BaseModel):
    """The backlog by year."""

    years: list[BacklogOfYearView]
    as_known: datetime | None


class SchemeView(BaseModel):
    """A PFI scheme of a site in a year, by the workbook stated last. null: no figure, or the year asks for none."""

    organisation: str = Field(examples=["R1H"])
    name: str
    site: str = Field(examples=["R1H12"])
    site_name: str
    scheme: str = Field(examples=["PFI 1"])
    financial_year: str = Field(examples=["2016-17"])
    financing_pence: int | None
    lifecycle_pence: int | None
    debt_pence: int | None = Field(description="Principal and interest.")
    contingent_rent_pence: int | None
    declared_saving_pence: int | None
    finding: str
    workbook: str
    line: int


class SchemesOfYearView(BaseModel):
    """The PFI schemes of a year together. null: none has a figure, or the year asks for none."""

    financial_year: str = Field(examples=["2016-17"])
    organisations: int
    schemes: int
    financing_pence: int | None
    lifecycle_pence: int | None
    debt_pence: int | None
    contingent_rent_pence: int | None
    declared_saving_pence: int | None
    as_known: datetime | None
