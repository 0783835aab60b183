"""A document's process: a report on standard input, progress and the document as lines of JSON on standard output.

It ends when its standard input does: whoever started it is gone then.
"""

import json
import os
import signal
import sys
import threading
from base64 import b64encode

from services.finance.documents.jobs import DocumentJob, Format, WrittenDocument
from services.finance.documents.pdf import pdf_of
from services.finance.documents.workbook import workbook_of

_ORPHANED = 3
_NICE = 5
_MOST_SECONDS = 600


def main() -> None:
    """Write the document of the first line."""
    # Libraries that print to standard output must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = DocumentJob.model_validate_json(sys.stdin.readline())
    os.nice(_NICE)
    signal.alarm(_MOST_SECONDS)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    lines.write(json.dumps({"stage": f"writing {job.format}"}) + "\n")
    written = WrittenDocument(content=b64encode(written_as(job)).decode())
    lines.write(json.dumps({"answer": written.model_dump(mode="json")}) + "\n")
    lines.flush()
    os._exit(0)


def written_as(job: DocumentJob) -> bytes:
    """Return a report in the format that was requested."""
    return pdf_of(job) if job.format is Format.PDF else workbook_of(job)


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(_ORPHANED)


if __name__ == "__main__":
    main()
