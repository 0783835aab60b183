"""The process of a document: a report on standard input, progress and the document on standard output."""

from base64 import b64encode
from typing import Final

from services.finance.documents.jobs import DocumentJob, Format, WrittenDocument
from services.finance.documents.pdf import pdf_of
from services.finance.documents.workbook import workbook_of
from services.finance.runs.worker import Print, end_after, serve, within

_MOST_SECONDS = 600
MOST_MEMORY: Final = 2 * 10**9
"""The most bytes that writing may take: a table of 4,000 rows takes 600 MB as a PDF."""


def _written(inputs: str, write: Print) -> WrittenDocument:
    end_after(_MOST_SECONDS)
    within(MOST_MEMORY)
    job = DocumentJob.model_validate_json(inputs)
    write({"stage": f"writing {job.format}"})
    return WrittenDocument(content=b64encode(written_as(job)).decode())


def written_as(job: DocumentJob) -> bytes:
    """Return a report in the format that was requested."""
    return pdf_of(job) if job.format is Format.PDF else workbook_of(job)


if __name__ == "__main__":
    serve(_written)
