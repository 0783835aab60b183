"""Keeps the process that draws charts: warm from the start, with a time limit, and what was drawn is remembered."""

import asyncio
import hashlib
import json
import re
import sys
from collections import OrderedDict
from html import escape
from pathlib import Path
from typing import Final

from console.charts.look import MOST_MARKS, Spec
from console.core.page import Drawable
from libs.common.process.logs import logger

_ROOT: Final = Path(__file__).parents[2]
_WORKER: Final = "console.charts.worker"
_MOST_BYTES: Final = 2**24
"""The longest line that the process prints: a chart in both widths."""
_REMEMBERED: Final = 256
_OPENING: Final = re.compile(r"<svg\b[^>]*?\bwidth=\"([\d.]+)\"[^>]*?\bheight=\"([\d.]+)\"[^>]*>")

_log = logger(__name__)


class Drawing:
    """Draws charts in one process of its own; a chart that takes too long is left out, and a new process is started."""

    def __init__(self, *, patience: float = 3.0, limit: float = 15.0) -> None:
        """Remember how long a page waits for a chart, and how long the process may take for it, in seconds."""
        self._patience, self._limit = patience, limit
        self.process: asyncio.subprocess.Process | None = None
        self._alone = asyncio.Lock()
        self._drawn: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[tuple[str, str] | None]] = {}

    async def start(self) -> None:
        """Start the process, so that the first page does not wait for it."""
        try:
            async with self._alone, asyncio.timeout(self._limit):
                await self._running()
        except (TimeoutError, OSError) as error:
            _log.warning("no charts can be drawn", reason=type(error).__name__)
            await self._end()

    async def stop(self) -> None:
        """End the process, and what waits for it."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    async def draw(self, chart: Drawable, label: str) -> str | None:
        """Return a chart as SVG in both widths, of which the page shows one; None where the process has none in time.

        A chart that comes later than the page waits is there when the page is loaded again.
        """
        specs = [chart.wide, chart.narrow]
        key = hashlib.sha256(json.dumps(specs, sort_keys=True).encode()).hexdigest()
        found = self._drawn.get(key) or await self._waited_for(key, specs)
        if found is None:
            return None
        self._drawn.move_to_end(key)
        wide, narrow = (_labelled(svg, chart, label, name) for svg, name in zip(found, ("wide", "narrow"), strict=True))
        return wide + narrow

    async def _waited_for(self, key: str, specs: list[Spec]) -> tuple[str, str] | None:
        if key not in self._under_way:
            self._under_way[key] = asyncio.create_task(self._drawn_now(key, specs))
            self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key, None))
        task = self._under_way[key]
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        return task.result() if done else None

    async def _drawn_now(self, key: str, specs: list[Spec]) -> tuple[str, str] | None:
        async with self._alone:
            try:
                async with asyncio.timeout(self._limit):
                    answer = await self._answer(json.dumps(specs).encode() + b"\n")
            except (TimeoutError, OSError, ValueError) as error:
                # Its next line might be the answer to this question: the process ends.
                _log.warning("a chart is not drawn", reason=type(error).__name__)
                await self._end()
                return None
            except asyncio.CancelledError:
                await self._end()
                raise
        if answer is None:
            return None
        wide, narrow = answer
        self._drawn[key] = (wide, narrow)
        while len(self._drawn) > _REMEMBERED:
            self._drawn.popitem(last=False)
        return wide, narrow

    async def _answer(self, question: bytes) -> list[str] | None:
        process = await self._running()
        assert process.stdin is not None
        process.stdin.write(question)
        await process.stdin.drain()
        drawn: list[str] | None = json.loads(await _line_of(process))["drawn"]
        return drawn

    async def _running(self) -> asyncio.subprocess.Process:
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _WORKER),
                cwd=_ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_MOST_BYTES,
                start_new_session=True,  # Ctrl-C is for who started it, which ends it by closing its input
            )
            await _line_of(self.process)
        return self.process

    async def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _line_of(process: asyncio.subprocess.Process) -> bytes:
    """Return the next line of the process. Raises ConnectionError where it ended."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise ConnectionError("the process that draws charts ended")
    return line


def _labelled(svg: str, chart: Drawable, label: str, width: str) -> str:
    """Return an SVG as a page has it: named, and its marks read out one by one where they are not too many."""
    role, says = ("graphics-document", label) if chart.marks <= MOST_MARKS else ("img", f"{label}. {chart.says}")

    def opened(found: re.Match[str]) -> str:
        across, down = found.groups()
        return (
            f'<svg class="app-chart app-chart--{width}" role="{role}" aria-label="{escape(says)}" '
            f'width="{across}" height="{down}" viewBox="0 0 {across} {down}" xmlns="http://www.w3.org/2000/svg">'
        )

    return _OPENING.sub(opened, svg, count=1)
