"""Passes requests below `/branches/{name}/{service}/` on to that branch's service, for planners of its bodies."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.branches.assumptions import HEADER
from deploy.branches.bases import SERVICES
from deploy.branches.errors import BranchMoves, OneClock, PublishedInLifeAlone
from deploy.branches.lifecycle import Branches
from libs.common.errors import DomainError
from libs.common.http import problems
from libs.common.http.middleware import Edge, bearer
from libs.common.http.tokens import Verifier
from libs.common.http.transactions import READING, VERSION
from libs.common.identity import Caller, Role
from libs.common.process.metrics import Metrics

_BELOW = re.compile(rf"/branches/(?P<name>[^/]+)/(?P<service>{'|'.join(SERVICES)})(?P<path>/.*)?")
_CLOCKS = frozenset({f"{VERSION}/operations/clock", f"{VERSION}/operations/due-work"})
_OPEN_DATA = f"{VERSION}/ocds/"
_REFUSAL = "footprint.refusal"
_MOST_BYTES = 1_000_000
"""The largest body that is read to be refused."""


class Gateway:
    """An ASGI app: what is of a branch's service goes there with the planner's own token, all else to `beside`.

    The service decides by the planner's own rights what is read and done.
    """

    def __init__(self, branches: Branches, verifier: Verifier, beside: ASGIApp) -> None:
        self._branches, self._verifier, self._beside = branches, verifier, beside
        self._refusing = Edge(_refuse, metrics=Metrics("branches"), verifier=None, max_body_bytes=_MOST_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        below = _BELOW.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if below is None:
            await self._beside(scope, receive, send)
            return
        try:
            app = await self._app(scope, below["name"], below["service"], below["path"] or "/")
        except Exception as refused:  # noqa: BLE001  (a fault is answered and logged as one by the edge)
            await self._refusing({**scope, _REFUSAL: refused}, receive, send)
            return
        await app(scope, receive, send)

    async def _app(self, scope: Scope, name: str, service: str, path: str) -> ASGIApp:
        """Return the services of this branch. Raises what refuses the caller, or the command."""
        by = await self.planner(scope)
        branch = self._branches.get(name, by)
        world = await self._branches.world(branch)
        if path.startswith(_OPEN_DATA):
            raise PublishedInLifeAlone(f"{path}: ask life's {service}")
        is_assumed = HEADER in Headers(scope=scope)
        if scope["method"] not in READING or is_assumed:
            if path in _CLOCKS:
                raise OneClock(f"send PUT /branches/{name}/day, which moves all four services")
            if world.is_moving:
                raise BranchMoves(f"the clock of {name} is being moved; it is at {world.today}")
            return self._branches.recorder.app(world, branch, service, path, by)
        return world.routes

    async def planner(self, scope: Scope) -> Caller:
        """Return the caller, who has to be a planner. Raises Unauthenticated, RoleMissing."""
        caller = await self._verifier.caller(bearer(Headers(scope=scope).get("authorization", "")))
        caller.must_have(Role.PLANNER)
        return caller


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what refuses the caller. Raises what is a fault."""
    refused = scope[_REFUSAL]
    if not isinstance(refused, DomainError):
        raise refused
    await problems.refusal(scope["path"], refused)(scope, receive, send)
