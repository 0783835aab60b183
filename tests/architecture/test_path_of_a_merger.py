"""A merger is short to follow: few modules of the registry run between its route and the outbox.

Not counted are `models` with the `base` of all mapped classes, `errors`, `views`, and what `core/change` calls itself.
"""

import asyncio
import sys
from types import FrameType

from libs.common.messaging import outbox
from services.registry.mergers import api
from tests.support.registry_client import RegistryClient

MODULES = (
    "mergers.api",
    "mergers.commands",
    "core.change",
    "mergers.queries",
    "mergers.rules",
    "core.standing",
    "cover.checks",
    "cover.rules",
)
"""What runs, in this order. CONTRIBUTING.md lists them."""

MOST = 8

REGISTRY = "services.registry."
NOT_COUNTED = {"models", "base", "errors", "views"}
CHANGE = "core.change"


class Path:
    """The modules that run in one task between the route's function and `outbox.add_all`."""

    def __init__(self) -> None:
        self.modules: list[str] = []
        self.published = False
        self._task = asyncio.current_task()
        self._route: FrameType | None = None

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note the module of a function that begins or goes on."""
        if event != "call" or self.published or asyncio.current_task() is not self._task:
            return
        if frame.f_code is api.merge_commissioners.__code__:
            self._route = frame
        if self._route is None:
            return
        if frame.f_code is outbox.add_all.__code__:
            self.published = True
        name = frame.f_globals.get("__name__", "")
        module = name.removeprefix(REGISTRY)
        if module == name or module in self.modules or module.rpartition(".")[2] in NOT_COUNTED:
            return
        if module == CHANGE or not _called_by_change(frame):
            self.modules.append(module)


def _called_by_change(frame: FrameType) -> bool:
    caller = frame.f_back
    while caller is not None and caller.f_globals.get("__name__") != REGISTRY + CHANGE:
        caller = caller.f_back
    return caller is not None


async def test_at_most_eight_modules_run_between_the_route_of_a_merger_and_the_outbox(
    registry: RegistryClient,
) -> None:
    await registry.open("10Y", "10H")
    practice = {"code": "A81001", "name": "A practice", "kind": "gp_practice", "effective_on": "2013-04-01"}
    await registry.call("POST", "/organisations", json={**practice, "parent": "10Y"})
    path, before = Path(), sys.getprofile()
    sys.setprofile(path)
    try:
        await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    finally:
        sys.setprofile(before)
    assert path.published
    assert tuple(path.modules) == MODULES
    assert len(MODULES) <= MOST
