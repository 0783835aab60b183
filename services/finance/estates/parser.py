"""Has a workbook read by a process of its own, a few at a time."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from libs.common.errors import Reason
from libs.common.process.logs import logger
from services.finance.estates.errors import TooManyWorkbooks, WorkbookTooLarge, WorkbookUnreadable
from services.finance.estates.worker import DONE, LONGEST_SECONDS, REFUSED, TOO_LARGE, RowsRead, SheetLayout

MOST_AT_ONCE = 2
_ROOT = Path(__file__).parents[3]
_MODULE = "services.finance.estates.worker"

_log = logger(__name__)
_now_read: set[object] = set()


async def rows_of(content: bytes, layout: SheetLayout) -> RowsRead:
    """Return the rows of a workbook. Raises WorkbookUnreadable, WorkbookTooLarge, TooManyWorkbooks."""
    if len(_now_read) >= MOST_AT_ONCE:
        raise TooManyWorkbooks(f"{MOST_AT_ONCE} workbooks are being read")
    this = object()
    _now_read.add(this)
    try:
        code, printed, errors = await _run(layout.model_dump_json().encode() + b"\n" + content)
    finally:
        _now_read.discard(this)
    if code == DONE:
        return RowsRead.model_validate_json(printed)
    if code == REFUSED:
        reasons = [str(one) for one in json.loads(printed)]
        raise WorkbookUnreadable("; ".join(reasons), reasons=[Reason(one) for one in reasons])
    if code == TOO_LARGE:
        raise WorkbookTooLarge("; ".join(json.loads(printed)) or "it needs more memory than a workbook may")
    # Rust aborts where memory is refused, and the alarm ends what takes too long.
    _log.warning("the process of a workbook ended", code=code, errors=errors.decode(errors="replace")[-1_000:])
    raise WorkbookTooLarge(f"it needs more memory than a workbook may, or more than {LONGEST_SECONDS} seconds")


async def _run(sent: bytes) -> tuple[int | None, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _MODULE),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, errors = await process.communicate(sent)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode, printed, errors
