"""What a document's process is asked: one line of JSON on its standard input."""

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from services.finance.appraisals.inputs import Inputs
from services.finance.charts.marks import ReportChart
from services.finance.documents.exit_flows import ExitFlows

EDITION: Final = 2
"""Of how documents are written: another one gives the same report another digest."""
WORKER: Final = "services.finance.documents.worker"
"""The module that `python -m` starts."""


class Format(StrEnum):
    """What a document is written as."""

    PDF = "pdf"
    XLSX = "xlsx"


class DocumentJob(BaseModel):
    """A report to be written: its title, its JSON, its charts, and what the workbook of a case or an exit computes."""

    model_config = ConfigDict(frozen=True)

    format: Format
    title: str
    name: str
    report: dict[str, Any]
    charts: tuple[ReportChart, ...]
    case: Inputs | None = None
    exits: ExitFlows | None = None


class WrittenDocument(BaseModel):
    """The result of a run: the bytes in base 64."""

    model_config = ConfigDict(frozen=True)

    content: str
