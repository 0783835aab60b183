"""A client that outlives the services: it keeps what it was answered, and asks again, with the same key, what not."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from libs.common.identity import Role
from tests.support.platform import Platform


class StageOver(Exception):
    """All that a stage asks for was asked, and every event of it has been heard."""


@dataclass
class Client(Platform):
    """Calls the services as a scenario says. Its journal is a file: a line for each answer, in their order.

    Where all events have been heard, `is_over` is asked whether a stage ends after so many calls.
    """

    journal: Path = Path()
    is_over: Callable[[int], bool] = lambda _: False
    calls: int = 0
    _answered: list[Any] = field(default_factory=list)
    _before: int = 0

    def __post_init__(self) -> None:
        if self.journal.exists():
            self._answered = [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]
        self._before = len(self._answered)

    async def call(
        self,
        method: str,
        name: str,
        path: str,
        *roles: Role,
        expect: int | tuple[int, ...] = (200, 201, 204),
        organisations: tuple[str, ...] = ("*",),
        **request: Any,
    ) -> Any:
        """Return what was answered before the services were killed, or ask, and note the answer."""
        number, self.calls = self.calls, self.calls + 1
        if number < len(self._answered):
            return self._answered[number]
        if method != "GET":
            request["headers"] = {**request.get("headers", {}), "Idempotency-Key": f"call-{number}"}
        answer = await super().call(method, name, path, *roles, expect=expect, organisations=organisations, **request)
        self._note(answer)
        return answer

    async def caught_up(self, *, within: float = 30) -> None:
        """Wait as of a platform, but where it was waited before the services were killed. Raises StageOver."""
        if self.calls < self._before:
            return
        await super().caught_up(within=within)
        if self.is_over(self.calls):
            raise StageOver

    def _note(self, answer: Any) -> None:
        self._answered.append(answer)
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(answer) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
